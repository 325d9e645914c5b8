"""What did not help, and what a run's figures cannot say."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.recipe import BASELINE
from engine.report.content import BulletList, Prose, ReportSection
from engine.report.repetition_words import search_limits
from engine.report.reported_run import ReportedRun

FEW_TEST_IMAGES = 1000
"""Below it a Wilson interval at 90 % is wider than about four points."""


def unhelpful_section(run: ReportedRun) -> ReportSection:
    """Notes of the variants, chains that failed, and warnings of the run."""
    said = [f"{one.name}: {one.note}" for one in run.variants if one.note]
    said += list(run.failed_chains.values())
    told = set(run.failed_chains.values())
    said += [f"{title} failed: {why}" for title, why in run.failed_stages.items() if not run.failed_chains]
    said += [one for one in run.warnings if not any(one.startswith(sentence) for sentence in told)]
    if run.unfinished and run.result is None:
        said.insert(0, run.unfinished)
    if not said:
        return ReportSection(
            "What did not help", (Prose("Nothing was noted: no chain failed and no step was without use."),)
        )
    return ReportSection("What did not help", (BulletList(tuple(dict.fromkeys(said))),))


def limits_section(run: ReportedRun, with_pictures: bool) -> ReportSection:
    return ReportSection("Limits", (BulletList(tuple(_limits(run, with_pictures))),))


def _limits(run: ReportedRun, with_pictures: bool) -> Iterator[str]:
    if run.unfinished:
        yield "The run is not complete, so variants that would change what is concluded may be missing."
    if run.variants and run.ready:
        yield from _of_test_images(run)
    yield from _of_seeds(run)
    if any(one.cpu for one in run.variants):
        cpu = next(one.cpu for one in run.variants if one.cpu)
        unless = " Where other devices measured, their own tables say how." if run.devices.reports else ""
        text = f"Latency and memory are of {cpu}: ratios, and even their order, may differ on the device that is meant."
        yield f"{text}{unless}"
    missing = [name for name, is_there in _measured(run) if not is_there]
    if missing:
        yield f"Not measured: {', '.join(missing)}."
    reused = sum(1 for seconds in run.stage_seconds.values() if seconds == 0)
    if reused:
        yield f"{reused:,} stages came from earlier runs, which may have had other versions of the software."
    if run.predictions is not None and with_pictures:
        yield "Pictures are examples and no sample: those of changed predictions are the worst ones."


def _of_test_images(run: ReportedRun) -> Iterator[str]:
    assert run.ready is not None
    test = run.ready.dataset.test
    low, high = run.variants[0].accuracy_ci95
    summary = run.result.summary if run.result else ()
    each = " in each repetition" if summary else ""
    groups = next((one.paired.groups for one in run.variants if one.paired and one.paired.groups), None)
    if groups:
        yield (
            f"There are {test:,} test images{each}, of {groups:,} groups only (such as patients): so few are the "
            "independent witnesses, and intervals of single accuracies, which count images, are too narrow."
        )
    else:
        known = "" if summary else f", so the baseline's accuracy is known to {100 * (high - low) / 2:.1f} points"
        text = f"There are {test:,} test images{each}{known}."
        if test < FEW_TEST_IMAGES:
            text += " Small differences between files cannot be told with so few."
        yield text
    supports = [one.support for one in run.variants[0].per_class.values()]
    if supports and min(supports) < 30:
        yield f"The rarest class has {min(supports):,} test images: its recall is known roughly only."
    if not run.recipe.dataset.group_by and run.recipe.dataset.kind != "phantom":
        yield "Images count as independent of each other, as no groups (patients, specimens) were named."


def _of_seeds(run: ReportedRun) -> Iterator[str]:
    seeds = {one.seed for one in run.variants if one.chain == BASELINE and one.seed is not None}
    folds = {one.fold for one in run.variants if one.fold is not None}
    if len(seeds) <= 1:
        yield (
            "One seed: intervals are of the test images alone, and training again with another seed would move all "
            "accuracies too."
        )
    splits = {one.split for one in run.variants}
    if not folds and len(splits) <= 1:
        yield "One split of the images: other test images would give other figures."
    yield from search_limits(run)


def _measured(run: ReportedRun) -> Iterator[tuple[str, bool]]:
    """What a reader may ask for, and whether the run has it."""
    of_devices = [one for report in run.devices.reports for one in report.figures]
    yield "energy", any(one.energy for one in of_devices)
    yield "latency on another device", any(one.latency for one in of_devices)
    yield "accelerators such as graphics cards and NPUs", False
    yield "images from another site or device", False
    yield "latency against the baseline, in turn", all(one.is_timed_in_turn for one in run.variants)
    yield "figures per class", all(bool(one.per_class) for one in run.variants)
