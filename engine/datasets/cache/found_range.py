"""Finds the one scale of a study's images in those that it is trained on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.repairs import SetValue
from engine.datasets.cache.ordered_work import in_order
from engine.datasets.files.value_range import LARGEST, ValueRange
from engine.datasets.source import DatasetSource, Sample, Split

CENTRAL_PERCENT = 98.0
"""The middle share of an image's pixels, which shows where its values lie."""
NARROW_SHARE = 1 / 16
"""Of the range: where so little of it holds the middle of all images, single pixels have stretched it."""
AHEAD_PER_THREAD = 4
TOLD_EVERY = 16
"""Images between two calls of `progress`."""


@dataclass(frozen=True)
class FoundRange:
    """The range of the images that are on a scale of their own."""

    used: ValueRange
    beyond: int
    """Images, none of them for training, with values outside of it."""
    narrow: tuple[float, float] | None
    """Where the middle of the pixels of all training images lies, if that is a small part of the range."""

    def finding(self) -> Finding:
        """What the user is to know of it."""
        low, high = self.used.low, self.used.high
        message = (
            f"The image values have their own scale: in all images {low:g} becomes black and "
            f"{high:g} white, the range of the training images."
        )
        if self.beyond:
            message += f" {self.beyond:,} other images exceed this range and are clipped."
        if self.narrow is None:
            return Finding(severity=Severity.NOTE, where="images.value_range", message=message)
        low, high = (float(f"{end:.4g}") for end in self.narrow)
        message += (
            f" But {CENTRAL_PERCENT:g} % of the pixels lie between {low:g} and {high:g}: a few others leave them "
            "hardly any contrast."
        )
        sentence = f"Use the values from {low:g} to {high:g}"
        repair = SetValue(place="images.value_range", value=[low, high], sentence=sentence)
        return Finding(severity=Severity.WARNING, where="images.value_range", message=message, repair=repair)


def find_range(source: DatasetSource, samples: Iterable[Sample], progress: Progress = UNWATCHED) -> FoundRange | None:
    """The minimum and maximum of the training images that are on a scale of their own; None where there are none.

    Fractions that lie between 0 and 1, and whole numbers between 0 and 255 or 65535, have that range, so that they mean
    the same as in images whose type has it.

    Args:
        progress: called with (done, total) now and then; what it raises is let out.
    """
    samples = tuple(samples)
    threads = os.cpu_count() or 1
    found: list[_Extremes] = []
    beyond: list[_Extremes] = []

    holes: list[str] = []

    def look(sample: Sample) -> tuple[Sample, _Extremes | None]:
        try:
            own = source.has_own_scale(sample)
            extremes = _Extremes.of(source.values(sample)) if own else None
            if own and extremes is None:
                holes.append(sample.path)
            return sample, extremes
        except (OSError, ValueError, MemoryError):
            return sample, None  # Decoding reports it.

    with ThreadPoolExecutor(threads) as pool:
        for done, (sample, extremes) in enumerate(in_order(pool, look, samples, threads * AHEAD_PER_THREAD)):
            if extremes is not None:
                (found if sample.split is Split.TRAIN else beyond).append(extremes)
            if found and done % TOLD_EVERY == 0:
                progress.report(done, len(samples))
    if not found and holes:
        raise DataError(
            f"No training image has numbers in all of its pixels, such as {min(holes)}, which holds NaN or infinity; "
            "replace these with a number, such as that of the background."
        )
    if not found:
        return None
    low, high = min(one.low for one in found), max(one.high for one in found)
    whole = all(one.whole for one in found)
    largest = next((largest for largest in (1, 255, LARGEST) if high <= largest), 0) if whole else 1
    if low >= 0 and high <= largest:
        used, narrow = ValueRange(0, largest), None
    else:
        used = ValueRange(low, high if high > low else low + 1)
        middle = min(one.central[0] for one in found), max(one.central[1] for one in found)
        narrow = middle if 0 < middle[1] - middle[0] < NARROW_SHARE * (high - low) else None
    outside = sum(one.low < used.low or one.high > used.high for one in beyond)
    return FoundRange(used, outside, narrow)


@dataclass(frozen=True)
class _Extremes:
    low: float
    high: float
    central: tuple[float, float]
    whole: bool
    """Whether they are whole numbers by their type."""

    @classmethod
    def of(cls, values: np.ndarray) -> _Extremes | None:
        if not np.isfinite(values).all():
            return None
        rest = (100 - CENTRAL_PERCENT) / 2
        low, high = (float(end) for end in np.percentile(values, (rest, 100 - rest)))
        return cls(float(values.min()), float(values.max()), (low, high), values.dtype.kind in "iu")
