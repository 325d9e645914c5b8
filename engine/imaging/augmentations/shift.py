"""Moves images by whole pixels."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.pixel_figures import mean_colours

LARGEST_SHARE = 0.1
"""Of the side."""


class Shift(ImageAugmentation):
    key: ClassVar[str] = "shift"
    title: ClassVar[str] = "Shift"
    summary: ClassVar[str] = (
        "Moves each image by up to a tenth of its height and width, in whole pixels; the margin takes its mean colour."
    )
    assumes: ClassVar[str] = "The class does not depend on where in the image something is, nor on its edges."
    paper: ClassVar[str] = "Simard et al. 2003"
    family: ClassVar[Family] = Family.GEOMETRY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        height, width = images.shape[1:3]
        downs, rights = (_pixels(side, len(images), generator) for side in (height, width))
        moved = np.empty_like(images)
        moved[:] = mean_colours(images)[:, None, None]
        for place, (down, right) in enumerate(zip(downs, rights, strict=True)):
            kept = images[place, max(-down, 0) : height - max(down, 0), max(-right, 0) : width - max(right, 0)]
            top, left = max(down, 0), max(right, 0)
            moved[place, top : top + kept.shape[0], left : left + kept.shape[1]] = kept
        return moved


def _pixels(side: int, count: int, generator: np.random.Generator) -> list[int]:
    largest = max(1, round(LARGEST_SHARE * side))
    shifts: list[int] = generator.integers(-largest, largest + 1, count).tolist()
    return shifts
