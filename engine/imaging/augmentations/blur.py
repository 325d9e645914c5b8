"""Blurs half of the images."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.opencv import opencv

SMALLEST_SIGMA_PIXELS = 0.1
LARGEST_SIGMA_SHARE = 0.02
"""Of the shorter side."""


class Blur(ImageAugmentation):
    key: ClassVar[str] = "blur"
    title: ClassVar[str] = "Blur"
    summary: ClassVar[str] = (
        "Blurs half of the images by a Gaussian of 0.1 pixels to a fiftieth of the shorter side, and at least up to "
        "0.6 pixels."
    )
    assumes: ClassVar[str] = "Focus varies from image to image, and fine texture alone does not tell the class."
    paper: ClassVar[str] = "Chen et al. 2020"
    family: ClassVar[Family] = Family.PIXELS

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        cv2 = opencv()
        chosen = np.flatnonzero(generator.random(len(images)) < 0.5).tolist()
        largest = max(0.6, LARGEST_SIGMA_SHARE * min(images.shape[1:3]))
        sigmas = generator.uniform(SMALLEST_SIGMA_PIXELS, largest, len(images)).tolist()
        blurred = images.copy()
        for place in chosen:
            blurred[place] = cv2.GaussianBlur(images[place], (0, 0), sigmas[place]).reshape(images.shape[1:])
        return blurred
