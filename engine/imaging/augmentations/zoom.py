"""Makes what an image shows larger or smaller."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import AffineAugmentation
from engine.imaging.warping import about_middle

LARGEST_ZOOM = 1.15


class Zoom(AffineAugmentation):
    key: ClassVar[str] = "zoom"
    title: ClassVar[str] = "Zoom"
    summary: ClassVar[str] = (
        "Enlarges or shrinks each image about its middle by up to 15 %; a margin takes its mean colour."
    )
    assumes: ClassVar[str] = "The size of what is shown does not tell the class, as it does where pixels are a scale."
    paper: ClassVar[str] = "Isensee et al. 2021"
    family: ClassVar[Family] = Family.GEOMETRY

    def matrices(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        # Evenly in the logarithm: as often larger as smaller.
        factors = LARGEST_ZOOM ** generator.uniform(-1, 1, shape[0])
        return about_middle(np.eye(2) / factors[:, None, None], *shape[1:3])
