"""Brightens or darkens the middle tones."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.opencv import opencv
from engine.imaging.pixel_figures import as_pixels

LARGEST_GAMMA = 1.5


class Gamma(ImageAugmentation):
    key: ClassVar[str] = "gamma"
    title: ClassVar[str] = "Gamma"
    summary: ClassVar[str] = (
        "Raises each image, as a share of its brightest value, to a power of 0.67 to 1.5: middle tones become lighter "
        "or darker, black and the brightest value stay."
    )
    assumes: ClassVar[str] = "Middle tones depend on the device or the display, and do not tell the class."
    paper: ClassVar[str] = "Isensee et al. 2021"
    family: ClassVar[Family] = Family.PIXELS

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        powers = (LARGEST_GAMMA ** generator.uniform(-1, 1, len(images))).astype(np.float32)[:, None]
        flat = images.reshape(len(images), -1)
        brightest = np.maximum(flat.max(axis=1, keepdims=True), 1).astype(np.float32)
        if images.dtype == np.uint8:
            # A table of 256 values per image is quicker than a power per pixel.
            tables = as_pixels(brightest * (np.arange(256, dtype=np.float32) / brightest) ** powers, images.dtype)
            cv2 = opencv()
            changed = np.stack([cv2.LUT(image, table).reshape(-1) for image, table in zip(flat, tables, strict=True)])
        else:
            changed = as_pixels(brightest * (flat / brightest) ** powers, images.dtype)
        return changed.reshape(images.shape)
