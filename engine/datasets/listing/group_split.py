"""Draws validation and test images in whole groups, with each class as close to its share as the groups allow."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence

import numpy as np

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, EmptyClass
from engine.datasets.listing.grouping import group_key
from engine.datasets.source import Sample, Split


def draw_by_group(
    members: Sequence[Sample], classes: Sequence[str], drawn: Collection[Split], settings: DatasetSettings, seed: int
) -> dict[str, Split]:
    """Path → split for images that are to be divided among training and the drawn splits.

    The largest groups first, equal ones in an order that depends on the seed and their names, each goes where the sum
    over splits and classes of the squared difference between share held and share wanted grows least.

    Raises:
        DataError: the groups are too few, or so large that a class would be missing in a split.
    """
    splits = [Split.TRAIN, *(split for split in (Split.VALIDATION, Split.TEST) if split in drawn)]
    shares = {Split.VALIDATION: settings.validation_fraction, Split.TEST: settings.test_fraction}
    wanted = [shares.get(split, 0.0) for split in splits]
    wanted[0] = 1.0 - sum(wanted)
    groups, counts, places = divided_groups(members, classes, wanted, seed)
    for label, name in enumerate(classes):
        for number, split in enumerate(splits):
            if not counts[places == number, label].any():
                raise DataError(
                    f'The {len(groups):,} groups cannot be divided so that the class "{name}" has {split} images; add '
                    "groups, or group by something smaller with dataset.group_by."
                )
    return {sample.path: splits[place] for group, place in zip(groups, places, strict=True) for sample in group}


def divided_groups(
    members: Sequence[Sample], classes: Sequence[str], wanted: Sequence[float], seed: int
) -> tuple[list[list[Sample]], np.ndarray, np.ndarray]:
    """Groups of images divided among parts.

    Args:
        wanted: the share of each class that each part is to have, 0 to 1 (parts,).

    Returns:
        The groups, how many images of each class they have (groups, classes), and the part of each, int64 (groups,).

    Raises:
        EmptyClass: a class has images of fewer groups than there are parts.
    """
    by_group: dict[str, list[Sample]] = defaultdict(list)
    for sample in members:
        by_group[group_key(sample)].append(sample)
    groups = sorted(by_group.values(), key=lambda group: (-len(group), _lot(seed, group_key(group[0]))))
    counts = np.zeros((len(groups), len(classes)))
    for place, group in enumerate(groups):
        for sample in group:
            counts[place, sample.label] += 1
    _refuse_too_few(counts, classes, len(wanted))
    return groups, counts, _completed(_assigned(counts, np.asarray(wanted)), counts, len(wanted))


def _refuse_too_few(counts: np.ndarray, classes: Sequence[str], needed: int) -> None:
    groups_of = dict(zip(classes, (counts > 0).sum(axis=0), strict=True))
    for name, count in groups_of.items():
        if count < needed:
            raise EmptyClass(
                f'The class "{name}" has images of {count} groups only, and {needed} are needed to keep each group on '
                "one side of the split; add groups, or group by something smaller with dataset.group_by.",
                name,
                tuple(other for other, its in groups_of.items() if its >= needed),
            )


def _assigned(counts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """For each group the number of its split; counts (groups, classes), wanted (splits,) shares."""
    shares = counts / counts.sum(axis=0)
    held = np.zeros((len(wanted), counts.shape[1]))
    places = np.empty(len(counts), dtype=np.int64)
    for place, share in enumerate(shares):
        growth = (share * (share + 2 * (held - wanted[:, None]))).sum(axis=1)
        places[place] = growth.argmin()
        held[places[place]] += share
    return places


def _completed(places: np.ndarray, counts: np.ndarray, splits: int) -> np.ndarray:
    """Where a split has none of a class, with the smallest group moved there that leaves no gap behind."""
    places = places.copy()
    for split in range(splits):
        for label in range(counts.shape[1]):
            if counts[places == split, label].any():
                continue
            for group in sorted(np.flatnonzero(counts[:, label]), key=lambda group: counts[group].sum()):
                others = (places == places[group]) & (np.arange(len(places)) != group)
                if counts[others][:, counts[group] > 0].any(axis=0).all():
                    places[group] = split
                    break
    return places


def _lot(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{group}".encode()).digest()
