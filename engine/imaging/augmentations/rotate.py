"""Turns images by small angles."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.warping import about_middle, warped

ROTATION_DEGREES = 15.0
"""Rotation is drawn evenly from plus to minus this."""


class Rotate(ImageAugmentation):
    key: ClassVar[str] = "rotate"
    title: ClassVar[str] = "Rotate"
    summary: ClassVar[str] = "Turns each image about its middle by −15 to 15°; the corners take its mean colour."
    assumes: ClassVar[str] = "A tilted image is of the same class."
    paper: ClassVar[str] = "Predić et al. 2022"
    family: ClassVar[Family] = Family.GEOMETRY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        angles = np.deg2rad(generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES, len(images)))
        cosine, sine = np.cos(angles), np.sin(angles)
        turns = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)
        return warped(images, about_middle(turns, *images.shape[1:3]))
