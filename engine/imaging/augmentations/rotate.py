"""Turns images by small angles."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import AffineAugmentation
from engine.imaging.warping import about_middle

ROTATION_DEGREES = 15.0
"""Rotation is drawn evenly from plus to minus this."""


class Rotate(AffineAugmentation):
    key: ClassVar[str] = "rotate"
    title: ClassVar[str] = "Rotate"
    summary: ClassVar[str] = "Turns each image about its middle by −15 to 15°; the corners take its mean colour."
    assumes: ClassVar[str] = "A tilted image is of the same class."
    paper: ClassVar[str] = "Predić et al. 2022"
    family: ClassVar[Family] = Family.GEOMETRY

    def matrices(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        angles = np.deg2rad(generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES, shape[0]))
        cosine, sine = np.cos(angles), np.sin(angles)
        turns = np.stack([cosine, -sine, sine, cosine], axis=1).reshape(-1, 2, 2)
        return about_middle(turns, *shape[1:3])
