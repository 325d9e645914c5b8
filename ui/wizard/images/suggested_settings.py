"""What the wizard proposes when another size, quality or wavelet transform is to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeVar

from engine.contract.image_settings import DwtSettings
from engine.imaging.wavelet import discrete_wavelets

SIDES = (224, 150, 100, 64, 48, 32, 24, 16)
"""The first four are those of Trad et al. 2022."""
QUALITIES = (75, 50, 25, 90, 10, 0)
"""Pillow's own default first."""

T = TypeVar("T")


def another_size(sizes: Sequence[int | tuple[int, int]]) -> int:
    """The next smaller one of the usual sides, else any that is not there yet."""
    smallest = min(size if isinstance(size, int) else min(size) for size in sizes)
    smaller = (side for side in SIDES if side < smallest)
    return _first_new(chain(smaller, SIDES, range(8, 1025)), sizes)


def another_quality(qualities: Sequence[int]) -> int:
    """One that is not there yet."""
    return _first_new(chain(QUALITIES, range(96)), qualities)


def another_transform(transforms: Sequence[DwtSettings | None]) -> DwtSettings | None:
    """None, which is to say off, or a wavelet that is not there yet."""
    wavelets = (DwtSettings(wavelet=name) for name in chain(("haar", "db2"), discrete_wavelets()))
    return _first_new(chain((None,), wavelets), transforms)


def _first_new(candidates: Iterable[T], taken: Sequence[object]) -> T:
    return next(one for one in candidates if one not in taken)
