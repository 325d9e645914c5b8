"""What is said of a run's images: counts, split, duplicates, groups, and what was skipped."""

from __future__ import annotations

from collections import Counter

from engine.contract.findings import Severity
from engine.report.content import Block, BulletList, Prose, ReportSection, ReportTable
from engine.report.reported_run import ReportedRun, worth_knowing

SPLITS = ("train", "validation", "test")
MAX_CLASSES = 40
"""Rows of the table; of more classes the others are summed."""


def data_section(run: ReportedRun, stem: str) -> ReportSection:
    if run.ready is None:
        return ReportSection("Data", (Prose("The run ended before its images were ready."),))
    said = (*_of_files(run), *_of_copies(run), *_of_groups(run), *_of_others(run))
    findings = [f"{_mark(one.severity)}{one.message}" for one in worth_knowing(run)]
    blocks: list[Block] = [_counts(run, stem), BulletList(said)]
    if findings:
        blocks += [Prose("What the check of the images found:"), BulletList(tuple(findings))]
    return ReportSection("Data", tuple(blocks))


def _mark(severity: Severity) -> str:
    return "Warning: " if severity is Severity.WARNING else ""


def _counts(run: ReportedRun, stem: str) -> ReportTable:
    assert run.ready is not None
    data = run.ready.dataset
    counts = {name: [data.counts.get(split, {}).get(name, 0) for split in SPLITS] for name in data.classes}
    shown = dict(list(counts.items())[:MAX_CLASSES])
    others = list(counts.values())[MAX_CLASSES:]
    if others:
        shown[f"{len(others):,} other classes"] = [sum(column) for column in zip(*others, strict=True)]
    rows = [(name, *(f"{one:,}" for one in row), f"{sum(row):,}") for name, row in shown.items()]
    totals = (data.train, data.validation, data.test)
    rows.append(("all", *(f"{one:,}" for one in totals), f"{sum(totals):,}"))
    return ReportTable(
        f"{stem}images", "Images per class and split.", ("class", "training", "validation", "test", "all"), tuple(rows)
    )


def _of_files(run: ReportedRun) -> list[str]:
    assert run.ready is not None
    data, images = run.ready.dataset, run.ready.images
    said = [
        f"Source: {run.recipe.dataset.kind}. Image files {images.bytes_before / 2**20:,.1f} MiB, as they are fed "
        f"{images.bytes_after / 2**20:,.1f} MiB: ratio {images.compression_ratio:.2f} : 1."
    ]
    if run.check:
        sizes = list(run.check.check.sizes.items())
        named = ", ".join(f"{count:,} of {size.replace('×', ' × ')}" for size, count in sizes[:3])
        more = f", and {len(sizes) - 3:,} other sizes" if len(sizes) > 3 else ""
        modes = ", ".join(f"{sum(counts.values()):,} {mode}" for mode, counts in run.check.check.modes.items())
        said.append(f"As they came: {named}{more} pixels; {modes}.")
    if data.skipped:
        kinds = Counter(_kind_of_fault(one.reason) for one in data.skipped)
        why = "; ".join(f"{count:,}: {reason}" for reason, count in kinds.most_common(3))
        said.append(f"Skipped, as they could not be read: {len(data.skipped):,} ({why}).")
    else:
        said.append("Skipped: none; every image could be read.")
    return said


def _kind_of_fault(reason: str) -> str:
    """Without what it says of the file itself, so that equal faults count together."""
    return reason.split(":")[0].strip().rstrip(".")


def _of_copies(run: ReportedRun) -> list[str]:
    if run.check is None:
        return ["Duplicates: not known, as the run keeps no check of its images."]
    found = run.check.check
    if not found.exact_duplicates and not found.near_duplicates:
        return ["Duplicates: none, neither the same pixels nor nearly the same."]
    return [
        f"Duplicates: {found.exact_duplicates:,} with the same pixels, {found.exact_leaks:,} of them across splits; "
        f"{found.near_duplicates:,} nearly identical (at most {found.near_duplicate_bits} of 64 bits of their "
        f"perceptual hashes differ), {found.near_leaks:,} of them across splits. Left out: {found.left_out:,}."
    ]


def _of_groups(run: ReportedRun) -> list[str]:
    settings = run.recipe.dataset
    groups = max((one.paired.groups or 0 for one in run.variants if one.paired), default=0)
    if not settings.group_by:
        return [
            "Groups: none were named. If several images are of one patient or specimen, name them with group_by: "
            "without it, accuracy may be too optimistic and intervals too narrow."
        ]
    known = f" The test images are of {groups:,} groups." if groups else ""
    return [f"Groups ({settings.group_by.split(':')[0]}): a drawn split keeps each on one side.{known}"]


def _of_others(run: ReportedRun) -> list[str]:
    """The datasets that a step went over to."""
    others = run.result.other_datasets if run.result else {}
    return [
        f"Other images, of a transfer ({label}): {data.train:,} for training, {data.validation:,} for validation, "
        f"{data.test:,} for testing, of {len(data.classes)} classes."
        for label, data in others.items()
    ]
