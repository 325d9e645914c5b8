"""Blends pairs of images."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import MixingAugmentation, Mixture
from engine.imaging.pixel_figures import as_pixels

MIXUP_ALPHA = 0.2


class Mixup(MixingAugmentation):
    """λ·x + (1 − λ)·x' with λ from Beta(α, α), drawn for each image (Zhang et al. 2018, equation 1)."""

    key: ClassVar[str] = "mixup"
    title: ClassVar[str] = "Mixup"
    summary: ClassVar[str] = (
        "Blends each image with another of its batch and counts the loss of both classes by their shares, drawn from "
        "Beta(0.2, 0.2); the training accuracy counts the class with the larger share."
    )
    assumes: ClassVar[str] = "Training is long enough to overfit; short trainings and small networks may lose."
    paper: ClassVar[str] = "Zhang et al. 2018"
    family: ClassVar[Family] = Family.MIXING

    def mix(self, images: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, Mixture]:
        partners = generator.permutation(len(images))
        shares = generator.beta(MIXUP_ALPHA, MIXUP_ALPHA, len(images)).astype(np.float32)
        weights = shares[:, None, None, None]
        # x' + λ·(x − x'): one product less than the equation.
        mixed = images.astype(np.float32)
        others = mixed[partners]
        mixed -= others
        mixed *= weights
        mixed += others
        return as_pixels(mixed, images.dtype), Mixture(partners, shares)
