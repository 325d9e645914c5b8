"""Erases a square of each image."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.pixel_figures import mean_colours

SQUARE_SHARE = 0.5
"""Of the shorter side: 16 of 32 pixels."""


class Cutout(ImageAugmentation):
    key: ClassVar[str] = "cutout"
    title: ClassVar[str] = "Cutout"
    summary: ClassVar[str] = (
        "Replaces a square of half the shorter side by the image's mean colour; its middle is anywhere, so part of it "
        "may lie outside."
    )
    assumes: ClassVar[str] = "What remains still shows the class: it is not one small spot, such as a nodule."
    paper: ClassVar[str] = "DeVries and Taylor 2017"
    family: ClassVar[Family] = Family.ERASING

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        count, height, width, _ = images.shape
        side = max(1, round(SQUARE_SHARE * min(height, width)))
        tops = (generator.integers(0, height, count) - side // 2).tolist()
        lefts = (generator.integers(0, width, count) - side // 2).tolist()
        colours = mean_colours(images)
        erased = images.copy()
        for place, (top, left) in enumerate(zip(tops, lefts, strict=True)):
            erased[place, max(top, 0) : top + side, max(left, 0) : left + side] = colours[place]
        return erased
