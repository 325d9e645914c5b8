"""Pastes a box of another image into each image."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import MixingAugmentation, Mixture

CUTMIX_PROBABILITY = 0.5


class CutMix(MixingAugmentation):
    """A box of area 1 − λ with λ from Beta(1, 1), and the share that is left of the image (Yun et al. 2019, eq. 1, 2).

    The box is cut off at the edges, and the share is that of the pixels that are really left.
    """

    key: ClassVar[str] = "cutmix"
    title: ClassVar[str] = "CutMix"
    summary: ClassVar[str] = (
        "Pastes a box of another image of the batch into half of the images and counts the loss of both classes by "
        "their areas; the training accuracy counts the class with the larger area."
    )
    assumes: ClassVar[str] = "A part of an object shows its class, and training is long enough to overfit."
    paper: ClassVar[str] = "Yun et al. 2019"
    family: ClassVar[Family] = Family.MIXING

    def mix(self, images: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, Mixture]:
        count, height, width, _ = images.shape
        partners = generator.permutation(count)
        chosen = generator.random(count) < CUTMIX_PROBABILITY
        ratio = np.where(chosen, np.sqrt(generator.random(count)), 0.0)
        tops, bottoms = _cut(height, ratio, generator)
        lefts, rights = _cut(width, ratio, generator)
        mixed = images.copy()
        boxes = zip(*(edges.tolist() for edges in (tops, bottoms, lefts, rights, partners)), strict=True)
        for place, (top, bottom, left, right, partner) in enumerate(boxes):
            mixed[place, top:bottom, left:right] = images[partner, top:bottom, left:right]
        shares = 1 - (bottoms - tops) * (rights - lefts) / (height * width)
        return mixed, Mixture(partners, shares.astype(np.float32))


def _cut(side: int, ratio: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """First and last (exclusive) pixel of boxes along one side, int64 (n,) each."""
    half = (side * ratio / 2).astype(int)
    middles = generator.integers(0, side, len(ratio))
    return np.clip(middles - half, 0, side), np.clip(middles + half, 0, side)
