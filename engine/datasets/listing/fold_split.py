"""Divides images into the parts of a cross-validation: each is tested on once, and groups stay whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from engine.contract.errors import DataError, EmptyClass
from engine.datasets.listing.group_split import divided_groups
from engine.datasets.listing.lot import lot
from engine.datasets.source import Sample


def fold_numbers(samples: Sequence[Sample], classes: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """Path → its fold, from 1; each class in each fold, as evenly as its groups allow.

    The same images and seed always give the same folds, in whatever order they are listed.

    Raises:
        EmptyClass: a class has fewer images, or groups, than there are folds.
        DataError: the groups cannot be divided so.
    """
    if any(sample.group for sample in samples):
        return _by_group(samples, classes, folds, seed)
    by_class: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_class[sample.label].append(sample)
    found: dict[str, int] = {}
    for label, name in enumerate(classes):
        members = sorted(by_class[label], key=lambda sample: (lot(seed, sample.path), sample.path))
        if len(members) < folds:
            others = tuple(other for place, other in enumerate(classes) if len(by_class[place]) >= folds)
            message = (
                f'Class "{name}" has only {len(members)} images, and {folds} folds need one each at least: add images, '
                "take fewer folds, or leave the class out with dataset.classes."
            )
            raise EmptyClass(message, name, others)
        # Each class goes on where the one before ended, so that the folds are of one size.
        found |= {sample.path: (place + len(found)) % folds + 1 for place, sample in enumerate(members)}
    return found


def _by_group(samples: Sequence[Sample], classes: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    groups, counts, places = divided_groups(samples, classes, [1 / folds] * folds, seed)
    for label, name in enumerate(classes):
        for number in range(folds):
            if not counts[places == number, label].any():
                raise DataError(
                    f"The {len(groups):,} groups cannot be divided into {folds} folds so that each has images of "
                    f'"{name}"; take fewer folds, add groups, or group by something smaller with dataset.group_by.'
                )
    return {sample.path: int(place) + 1 for group, place in zip(groups, places, strict=True) for sample in group}
