"""Adds noise, or multiplies by it."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.normal_values import normal_values
from engine.imaging.pixel_figures import as_pixels, value_spans

LARGEST_NOISE_SHARE = 0.05
"""Of the span from the darkest to the brightest value of the image."""
LARGEST_SPECKLE = 0.15


class Noise(ImageAugmentation):
    key: ClassVar[str] = "noise"
    title: ClassVar[str] = "Noise"
    summary: ClassVar[str] = (
        "Adds Gaussian noise to each image, with a deviation of 0 to 5 % of the span of its values."
    )
    assumes: ClassVar[str] = "Images differ in noise, and fine texture alone does not tell the class."
    paper: ClassVar[str] = "Isensee et al. 2021"
    family: ClassVar[Family] = Family.PIXELS

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        deviations = generator.uniform(0, LARGEST_NOISE_SHARE, len(images)).astype(np.float32) * value_spans(images)
        noisy = normal_values(images.shape, generator)
        noisy *= deviations[:, None, None, None]
        noisy += images
        return as_pixels(noisy, images.dtype)


class Speckle(ImageAugmentation):
    key: ClassVar[str] = "speckle"
    title: ClassVar[str] = "Speckle"
    summary: ClassVar[str] = (
        "Multiplies each pixel by Gaussian noise about 1, with a deviation of 0 to 15 % drawn for each image."
    )
    assumes: ClassVar[str] = "Images have the grain of ultrasound or radar, which grows with brightness."
    paper: ClassVar[str] = "Goodman 1976"
    family: ClassVar[Family] = Family.PIXELS

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        deviations = generator.uniform(0, LARGEST_SPECKLE, len(images)).astype(np.float32)
        grainy = normal_values(images.shape, generator)
        grainy *= deviations[:, None, None, None]
        grainy += 1
        grainy *= images
        return as_pixels(grainy, images.dtype)
