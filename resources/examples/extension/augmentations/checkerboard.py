"""A whole augmentation: erases every second square of half of the images; recipe, wizard and docs know it by this."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation

SQUARE_PIXELS = 4


class Checkerboard(ImageAugmentation):
    key: ClassVar[str] = "checkerboard"
    title: ClassVar[str] = "Checkerboard"
    summary: ClassVar[str] = "Makes every second square of 4×4 pixels black in half of the images."
    assumes: ClassVar[str] = "The class can be told from half of the pixels."
    paper: ClassVar[str] = "an example"
    family: ClassVar[Family] = Family.ERASING

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        rows, columns = (np.arange(side) // SQUARE_PIXELS for side in images.shape[1:3])
        erased = images.copy()
        chosen = generator.random(len(images)) < 0.5
        erased[chosen] *= ((rows[:, None] + columns) % 2)[None, :, :, None].astype(images.dtype)
        return erased
