"""Whether a study's test images can show what its target asks for, before anything is trained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from engine.contract.findings import Finding, Severity
from engine.contract.registry import nearest_name, unknown_name_message
from engine.contract.repairs import SetValue
from engine.contract.target_settings import TargetSettings
from engine.datasets.listing.grouping import group_key
from engine.datasets.source import Sample, SampleIndex, Split
from engine.measurement.paired_comparison import smallest_drop
from engine.measurement.target_verdict import points_text

USUAL_CHANGE = 0.05
"""Of the test images, as int8 changes of a small network."""


RECALL = "target.max_recall_drop"
Witnesses = tuple[int, int]
"""Test images, and groups of them, such as patients, where images of one are no independent witnesses; 0 groups: each
image stands alone."""


def target_findings(
    target: TargetSettings,
    test_images: int,
    test_groups: int = 0,
    of_class: Mapping[str, Witnesses] = MappingProxyType({}),
) -> Iterator[Finding]:
    """A warning for each drop that the recipe allows and that is finer than these images can tell.

    Args:
        test_groups: as of `Witnesses`.
        of_class: the test images of each class.
    """
    if target.max_accuracy_drop and test_images:
        yield from _drop_findings(target.max_accuracy_drop, (test_images, test_groups), "target.max_accuracy_drop")
    for name, asked in target.max_recall_drop.items():
        if name in of_class:
            yield from _drop_findings(asked, of_class[name], RECALL, name)


def unknown_classes(target: TargetSettings, classes: Sequence[str]) -> Iterator[Finding]:
    """An error for each class that the target names and the dataset does not have."""
    for name in target.max_recall_drop:
        if name in classes:
            continue
        near = nearest_name(name, list(classes))
        repair = None
        if near and near not in target.max_recall_drop:
            mended = {near if one == name else one: drop for one, drop in target.max_recall_drop.items()}
            repair = SetValue(place=RECALL, value=mended, sentence=f'Ask it of "{near}"')
        message = unknown_name_message("class", name, list(classes))
        yield Finding(severity=Severity.ERROR, where=RECALL, message=message, repair=repair)


def _drop_findings(asked: float, there: Witnesses, where: str, name: str = "") -> Iterator[Finding]:
    """
    Args:
        name: of the class whose recall is asked; empty: the accuracy.
    """
    images, groups = there
    witnesses = groups or images
    of = f' of "{name}"' if name else ""
    grouped = "1 group" if groups == 1 else f"{groups:,} groups"
    some = f"{grouped} of test images{of}" if groups else f"{images:,} test images{of}"
    more = f"test images{of} of more groups" if groups else f"more test images{of}"
    loss = points_text(asked) + (" of recall" if name else "")
    if not images:
        message = f'There is no test image of "{name}", so its recall cannot be judged.'
        yield Finding(severity=Severity.WARNING, where=where, message=message)
        return
    least, usual = smallest_drop(witnesses, 0.0), smallest_drop(witnesses, USUAL_CHANGE)
    if asked <= least:
        message = (
            f"{some} cannot show that a file loses at most {loss}, even where it classifies all of "
            f"them as its baseline: a drop of {100 * least:.1f} points stays possible. Use {more}, or allow more."
        )
    elif asked <= usual:
        message = (
            f"{some} can hardly show that a file loses at most {loss}: where "
            f"{100 * USUAL_CHANGE:g} % of them change, as many for the better as for the worse, a drop of "
            f"{100 * usual:.1f} points stays possible. Use {more}, or allow more."
        )
    else:
        return
    yield Finding(severity=Severity.WARNING, where=where, message=message)


def groups_of_test_images(samples: Iterable[Sample]) -> int:
    """Of the test images, those that stand alone included; 0 where no two belong together."""
    keys = [group_key(sample) for sample in samples if sample.split is Split.TEST]
    count = len(set(keys))
    return count if count < len(keys) else 0


def witnesses_of_classes(index: SampleIndex) -> dict[str, Witnesses]:
    """Class → its test images."""
    own: dict[str, list[Sample]] = defaultdict(list)
    for sample in index.samples:
        if sample.split is Split.TEST:
            own[index.classes[sample.label]].append(sample)
    return {name: (len(own[name]), groups_of_test_images(own[name])) for name in index.classes}
