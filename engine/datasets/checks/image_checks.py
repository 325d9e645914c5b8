"""Judges a decoded dataset: sizes, modes, duplicates, and which of them the recipe leaves out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.contract.dataset_check import MAX_LISTED, DatasetCheck, DuplicateImage
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.checks.duplicates import NONE, FoundDuplicates, find_duplicates
from engine.datasets.files.image_traits import ImageTraits
from engine.datasets.source import Split


class CheckedSample(NamedTuple):
    """What of a sample its check depends on."""

    path: str
    label: int
    split: Split


@dataclass(frozen=True)
class CheckedDataset:
    """What was found, and what follows from it."""

    check: DatasetCheck
    left_out: np.ndarray
    """bool (n,): the samples that the recipe leaves out."""


def check_dataset(
    samples: Sequence[CheckedSample],
    traits: Sequence[ImageTraits],
    classes: Sequence[str],
    settings: DatasetSettings,
    progress: Progress = UNWATCHED,
) -> CheckedDataset:
    """Check samples that can all be read.

    Args:
        traits: of each sample, in their order.
    """
    splits = [sample.split for sample in samples]
    duplicates = find_duplicates(traits, splits, settings.near_duplicate_bits, progress)
    exact, exact_leak = duplicates.exact != NONE, duplicates.exact_in_other_split != NONE
    near, near_leak = (duplicates.near != NONE) & ~exact, (duplicates.near_in_other_split != NONE) & ~exact_leak
    left_out = _left_out(duplicates, settings)
    modes: dict[str, Counter[str]] = defaultdict(Counter)
    for sample, one in zip(samples, traits, strict=True):
        modes[one.mode][classes[sample.label]] += 1
    labels = np.asarray([sample.label for sample in samples])
    check = DatasetCheck(
        images=len(samples),
        sizes=dict(Counter(f"{one.height}×{one.width}" for one in traits).most_common()),
        modes={mode: dict(counts) for mode, counts in modes.items()},
        brightest_of_16_bit=max((one.brightest for one in traits if one.mode.startswith("16")), default=0),
        exact_duplicates=int(exact.sum()),
        near_duplicates=int(near.sum()),
        near_duplicate_bits=settings.near_duplicate_bits,
        exact_leaks=int(exact_leak.sum()),
        near_leaks=int(near_leak.sum()),
        conflicts=int((exact & (labels != labels[duplicates.exact])).sum()),
        left_out=int(left_out.sum()),
        duplicates=tuple(_listed(samples, classes, duplicates, left_out)),
    )
    return CheckedDataset(check, left_out)


def _left_out(duplicates: FoundDuplicates, settings: DatasetSettings) -> np.ndarray:
    if settings.duplicates == "keep":
        return np.zeros(len(duplicates.exact), dtype=bool)
    leaks_only = settings.duplicates == "drop_leaks"
    left_out: np.ndarray = (duplicates.exact_in_other_split if leaks_only else duplicates.exact) != NONE
    if settings.drop_near_duplicates:
        left_out = left_out | ((duplicates.near_in_other_split if leaks_only else duplicates.near) != NONE)
    return left_out


def _listed(
    samples: Sequence[CheckedSample], classes: Sequence[str], duplicates: FoundDuplicates, left_out: np.ndarray
) -> list[DuplicateImage]:
    """The worst first: in two splits before in one, the same pixels before nearly the same."""
    listed: list[DuplicateImage] = []
    told = np.zeros(len(samples), dtype=bool)
    nothing = np.zeros(len(samples), dtype=np.int64)
    for copies, distances, exact in (
        (duplicates.exact_in_other_split, nothing, True),
        (duplicates.near_in_other_split, duplicates.distance_in_other_split, False),
        (duplicates.exact, nothing, True),
        (duplicates.near, duplicates.distance, False),
    ):
        for place in np.flatnonzero((copies != NONE) & ~told)[: MAX_LISTED - len(listed)]:
            copy = int(copies[place])
            listed.append(
                DuplicateImage(
                    path=samples[place].path,
                    split=samples[place].split,
                    class_name=classes[samples[place].label],
                    copy_of=samples[copy].path,
                    copy_split=samples[copy].split,
                    copy_class=classes[samples[copy].label],
                    exact=exact,
                    distance=int(distances[place]),
                    left_out=bool(left_out[place]),
                )
            )
        told |= copies != NONE
    return listed
