"""What there is to know before figures of different runs are believed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from engine.comparison.run_selection import ComparedVariant
from engine.comparison.variant_images import VariantImages, image_differences
from engine.figures.figure_text import listed

BY_PATH = (
    "What some of these test images contain is not known, as in runs of earlier versions of Nutshell; there images "
    "count as the same where the dataset's folder and their paths are."
)


def comparison_warnings(
    variants: Sequence[ComparedVariant], baseline: ComparedVariant, timed_together: bool, timed_on: str = ""
) -> tuple[str, ...]:
    """One sentence or two each.

    Args:
        timed_together: whether the latencies of all were timed in turn.
        timed_on: the machine that did so for this comparison; empty: their runs did.
    """
    runs = {one.run.run: one.run for one in variants}
    said = [note for run in runs.values() for note in run.notes]
    said += _of_classes(variants, baseline)
    said += _of_images(variants, baseline)
    said += _of_groups(variants)
    said += _of_means(variants)
    if diverged := [one.name for one in variants if one.variant.diverged]:
        said.append(f"Most likely diverged in training, so their figures are no result: {_quoted(diverged)}.")
    if timed_on:
        said.append(f"Latencies were timed in turn for this comparison, on {timed_on}.")
    elif not timed_together:
        said.append(_of_latencies(variants))
    return tuple(dict.fromkeys(said))


def _of_images(variants: Sequence[ComparedVariant], baseline: ComparedVariant) -> Iterator[str]:
    """Once for each set of test images that is not the baseline's."""
    named: dict[str, list[str]] = defaultdict(list)
    for one in variants:
        if one.fault:
            named[one.fault].append(one.name)
    for fault, names in named.items():
        yield f"The test images of {_quoted(names)} are not known: {fault}"
    if baseline.images is None:
        return
    told: set[tuple[str, tuple[str, ...]]] = set()
    for one in variants:
        if one.images is None or one is baseline:
            continue
        differences = image_differences(baseline.images, one.images)
        images = (one.run.run, one.images.keys)
        if differences and images not in told:
            told.add(images)
            yield (
                f'"{_whose(one, variants)}" was tested on other images than "{baseline.name}": '
                f"{'; '.join(differences)}. Their accuracies do not compare."
            )
    there = [one.images for one in variants if one.images is not None]
    if not all(one.by_content for one in there):
        yield BY_PATH


def _whose(one: ComparedVariant, variants: Sequence[ComparedVariant]) -> str:
    """The run, where all of its variants were tested on the same images; else the variant."""
    own = [other for other in variants if other.run is one.run and other.images is not None]
    if all(_is_one(other.images, one.images) for other in own):
        return one.run.title
    repeat = one.variant.repeat
    if repeat and all(_is_one(other.images, one.images) for other in own if other.variant.repeat == repeat):
        return f"{one.run.title} ({repeat})"
    return one.name


def _is_one(first: VariantImages | None, second: VariantImages | None) -> bool:
    return first is not None and second is not None and (first.keys, first.labels) == (second.keys, second.labels)


def _of_classes(variants: Sequence[ComparedVariant], baseline: ComparedVariant) -> Iterator[str]:
    if baseline.images is None or not baseline.images.classes:
        return
    ours = baseline.images.classes
    told: set[tuple[str, tuple[str, ...]]] = set()
    for one in variants:
        classes = one.images.classes if one.images is not None else ()
        if one.images is not None and classes and classes != ours and (one.run.run, classes) not in told:
            told.add((one.run.run, classes))
            own = {other.images.classes for other in variants if other.run is one.run and other.images is not None}
            whose = one.run.title if len(own) == 1 else one.name
            how = "in another order" if set(one.images.classes) == set(ours) else "other classes"
            yield (
                f'"{whose}" tells {how} apart than "{baseline.run.title}": '
                f"{', '.join(one.images.classes)} instead of {', '.join(ours)}. Their accuracies do not compare."
            )


def _of_groups(variants: Sequence[ComparedVariant]) -> Iterator[str]:
    titles = dict.fromkeys(one.run.title for one in variants if one.run.has_groups)
    if titles:
        yield (
            f"The test images of {_quoted(titles)} belong in groups, such as patients, and no file keeps which: only "
            "within a run, and against its own baseline, files are tested against each other."
        )


def _of_means(variants: Sequence[ComparedVariant]) -> Iterator[str]:
    titles = dict.fromkeys(one.run.title for one in variants if one.is_mean)
    if titles:
        yield (
            f"Figures of {_quoted(titles)} are means over repetitions, which are not tested against other runs image "
            "by image."
        )


def _of_latencies(variants: Sequence[ComparedVariant]) -> str:
    machines = dict.fromkeys(f"{one.variant.cpu}, {one.variant.threads} thread" for one in variants if one.variant.cpu)
    where = f"on different machines ({'; '.join(machines)})" if len(machines) > 1 else "perhaps on different machines"
    return (
        f"Latencies of different runs were measured at different times, {where}: they do not say which file is faster."
    )


def _quoted(titles: Iterable[str]) -> str:
    return listed([f'"{title}"' for title in titles])
