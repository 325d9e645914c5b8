"""Some random operations of one strength per image, or one operation of a random strength."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.policy_operations import POLICY_OPERATIONS, RANDOM_OPERATIONS, at_eight_bits

OPERATIONS_PER_IMAGE = 2
STRENGTH = 9 / 30


class RandAugment(ImageAugmentation):
    key: ClassVar[str] = "randaugment"
    title: ClassVar[str] = "RandAugment"
    summary: ClassVar[str] = (
        "Applies 2 of 14 operations at magnitude 9 of 30 to each image, as torchvision does; images of 16 bits are "
        "changed at 8 bits."
    )
    assumes: ClassVar[str] = "Photographs of objects, whose colours, brightness and place do not tell the class."
    paper: ClassVar[str] = "Cubuk et al. 2020"
    family: ClassVar[Family] = Family.POLICY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        strengths = np.full((len(images), OPERATIONS_PER_IMAGE), STRENGTH)
        return _randomly_changed(images, strengths, generator)


class TrivialAugment(ImageAugmentation):
    """With the ranges of RandAugment, TA (RA) in the paper: the wide ones move 32 pixels, all of a small image."""

    key: ClassVar[str] = "trivialaugment"
    title: ClassVar[str] = "TrivialAugment"
    summary: ClassVar[str] = (
        "Applies one of 14 operations to each image, at a magnitude drawn evenly up to that of AutoAugment; images of "
        "16 bits are changed at 8 bits."
    )
    assumes: ClassVar[str] = "Photographs of objects, whose colours, brightness and place do not tell the class."
    paper: ClassVar[str] = "Müller and Hutter 2021"
    family: ClassVar[Family] = Family.POLICY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        return _randomly_changed(images, generator.integers(0, 31, (len(images), 1)) / 30, generator)


def _randomly_changed(images: np.ndarray, strengths: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each image through as many operations as it has strengths, (n, operations) of 0 to 1."""
    drawn = generator.integers(0, len(RANDOM_OPERATIONS), strengths.shape).tolist()
    signs = np.where(generator.random(strengths.shape) < 0.5, -1, 1).tolist()

    def changed(eight_bits: np.ndarray) -> Iterator[np.ndarray]:
        for image, *each in zip(eight_bits, drawn, strengths.tolist(), signs, strict=True):
            for operation, strength, sign in zip(*each, strict=True):
                image = POLICY_OPERATIONS[RANDOM_OPERATIONS[operation]](image, strength, sign)
            yield image

    return at_eight_bits(images, changed)
