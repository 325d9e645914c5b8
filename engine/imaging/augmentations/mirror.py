"""Mirrors half of the images."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation


class HorizontalFlip(ImageAugmentation):
    key: ClassVar[str] = "hflip"
    title: ClassVar[str] = "Flip left–right"
    summary: ClassVar[str] = "Mirrors half of the images, left to right."
    assumes: ClassVar[str] = "A mirrored image is of the same class: no text, and no organ that has a side."
    paper: ClassVar[str] = "Krizhevsky et al. 2012"
    family: ClassVar[Family] = Family.GEOMETRY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return _flipped(images, 2, generator)


class VerticalFlip(ImageAugmentation):
    key: ClassVar[str] = "vflip"
    title: ClassVar[str] = "Flip up–down"
    summary: ClassVar[str] = "Mirrors half of the images, top to bottom."
    assumes: ClassVar[str] = "Images have no up and down, as under a microscope or from above."
    paper: ClassVar[str] = "Predić et al. 2022"
    family: ClassVar[Family] = Family.GEOMETRY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return _flipped(images, 1, generator)


def _flipped(images: np.ndarray, axis: int, generator: np.random.Generator) -> np.ndarray:
    chosen = generator.random(len(images)) < 0.5
    flipped = images.copy()
    flipped[chosen] = np.flip(images[chosen], axis=axis)
    return flipped
