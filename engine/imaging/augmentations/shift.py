"""Moves images by whole pixels."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import AffineAugmentation

LARGEST_SHARE = 0.1
"""Of the side."""


class Shift(AffineAugmentation):
    key: ClassVar[str] = "shift"
    title: ClassVar[str] = "Shift"
    summary: ClassVar[str] = (
        "Moves each image by up to a tenth of its height and width, in whole pixels; the margin takes its mean colour."
    )
    assumes: ClassVar[str] = "The class does not depend on where in the image something is, nor on its edges."
    paper: ClassVar[str] = "Simard et al. 2003"
    family: ClassVar[Family] = Family.GEOMETRY

    def matrices(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        count, height, width, _ = shape
        maps = np.tile(np.eye(2, 3), (count, 1, 1))
        maps[:, 1, 2] = -_pixels(height, count, generator)
        maps[:, 0, 2] = -_pixels(width, count, generator)
        return maps


def _pixels(side: int, count: int, generator: np.random.Generator) -> np.ndarray:
    largest = max(1, round(LARGEST_SHARE * side))
    return generator.integers(-largest, largest + 1, count)
