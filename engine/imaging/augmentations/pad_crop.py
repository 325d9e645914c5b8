"""Pads images and crops them again elsewhere."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation


class PadCrop(ImageAugmentation):
    key: ClassVar[str] = "pad_crop"
    title: ClassVar[str] = "Pad and crop"
    summary: ClassVar[str] = (
        "Pads each image by an eighth of its side, mirrored at the edge, and crops it at a random place."
    )
    assumes: ClassVar[str] = "What tells the class lies inside, and not at the edges."
    paper: ClassVar[str] = "He et al. 2016, mirrored as Zagoruyko and Komodakis 2016"
    family: ClassVar[Family] = Family.GEOMETRY
    padded_share: ClassVar[float] = 1 / 8
    """Of the side, at each edge: 4 of 32 pixels."""

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        count, height, width, _ = images.shape
        high, wide = max(1, round(self.padded_share * height)), max(1, round(self.padded_share * width))
        # Not zeros: a black bar is in no test image, and batch normalisation would count it.
        padded = np.pad(images, ((0, 0), (high, high), (wide, wide), (0, 0)), mode="reflect")
        tops = generator.integers(0, 2 * high + 1, count).tolist()
        lefts = generator.integers(0, 2 * wide + 1, count).tolist()
        cropped = np.empty_like(images)
        for place, (top, left) in enumerate(zip(tops, lefts, strict=True)):
            cropped[place] = padded[place, top : top + height, left : left + width]
        return cropped
