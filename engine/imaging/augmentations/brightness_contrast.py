"""Changes brightness and contrast."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.opencv import opencv

LARGEST_CHANGE = 0.2


class BrightnessContrast(ImageAugmentation):
    key: ClassVar[str] = "brightness_contrast"
    title: ClassVar[str] = "Brightness and contrast"
    summary: ClassVar[str] = (
        "Multiplies the brightness of each image, and its contrast about its mean, by 0.8 to 1.2 each."
    )
    assumes: ClassVar[str] = "How bright an image is depends on the camera or its gain, and does not tell the class."
    paper: ClassVar[str] = "Howard 2013"
    family: ClassVar[Family] = Family.PIXELS

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        cv2 = opencv()
        brightness, contrast = generator.uniform(1 - LARGEST_CHANGE, 1 + LARGEST_CHANGE, (2, len(images)))
        flat = images.reshape(len(images), -1)
        offsets = flat.mean(axis=1) * brightness * (1 - contrast)
        changed = np.empty_like(flat)
        for place, (factor, offset) in enumerate(zip((brightness * contrast).tolist(), offsets.tolist(), strict=True)):
            # Rounds and saturates.
            changed[place] = cv2.addWeighted(flat[place], factor, flat[place], 0, offset).reshape(-1)
        return changed.reshape(images.shape)
