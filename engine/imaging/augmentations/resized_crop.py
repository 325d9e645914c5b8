"""Crops a part of each image and enlarges it to the whole size."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.opencv import opencv

SMALLEST_AREA = 0.25
LARGEST_ASPECT = 4 / 3


class ResizedCrop(ImageAugmentation):
    key: ClassVar[str] = "resized_crop"
    title: ClassVar[str] = "Random resized crop"
    summary: ClassVar[str] = (
        "Enlarges a random part of each image, of a quarter to all of its area and a side ratio of 3:4 to 4:3 of its "
        "own, to the whole size; the paper's smallest part, 8 %, often misses the object in small images."
    )
    assumes: ClassVar[str] = "A part of the image, a little stretched, shows the class too."
    paper: ClassVar[str] = "Szegedy et al. 2015"
    family: ClassVar[Family] = Family.GEOMETRY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        cv2 = opencv()
        count, height, width, _ = images.shape
        areas = generator.uniform(SMALLEST_AREA, 1, count)
        stretch = np.sqrt(LARGEST_ASPECT ** generator.uniform(-1, 1, count))
        high = np.clip(np.rint(height * np.sqrt(areas) / stretch), 2, height).astype(int)
        wide = np.clip(np.rint(width * np.sqrt(areas) * stretch), 2, width).astype(int)
        tops = (generator.random(count) * (height - high + 1)).astype(int)
        lefts = (generator.random(count) * (width - wide + 1)).astype(int)
        result = np.empty_like(images)
        boxes = zip(tops.tolist(), high.tolist(), lefts.tolist(), wide.tolist(), strict=True)
        for place, (top, rows, left, columns) in enumerate(boxes):
            part = images[place, top : top + rows, left : left + columns]
            resized = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
            result[place] = resized.reshape(images.shape[1:])
        return result
