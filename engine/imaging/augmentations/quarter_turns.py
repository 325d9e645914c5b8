"""Turns images by quarter turns, without interpolation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation


class QuarterTurns(ImageAugmentation):
    key: ClassVar[str] = "quarter_turns"
    title: ClassVar[str] = "Quarter turns"
    summary: ClassVar[str] = "Turns each image by 0, 90, 180 or 270°; images that are not square by 0 or 180° only."
    assumes: ClassVar[str] = "Images have no up and down, as under a microscope or from above."
    paper: ClassVar[str] = "Tellez et al. 2018"
    family: ClassVar[Family] = Family.GEOMETRY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        height, width = images.shape[1:3]
        step = 1 if height == width else 2
        turns = step * generator.integers(0, 4 // step, len(images))
        turned = images.copy()
        for count in range(step, 4, step):
            chosen = turns == count
            turned[chosen] = np.rot90(images[chosen], count, axes=(1, 2))
        return turned
