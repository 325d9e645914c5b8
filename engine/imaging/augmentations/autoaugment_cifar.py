"""AutoAugment's CIFAR-10 policy (Cubuk et al. 2019, arXiv:1805.09501, table 7 of its appendix)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np

from engine.contract.augmentation import Family
from engine.imaging.image_augmentation import ImageAugmentation
from engine.imaging.policy_operations import POLICY_OPERATIONS, at_eight_bits

LARGEST_MAGNITUDE = 9


class Operation(NamedTuple):
    """One operation of a sub-policy: its name, its probability, and its magnitude on the paper's scale of 0 to 9."""

    name: str
    probability: float
    magnitude: int


POLICY: tuple[tuple[Operation, Operation], ...] = tuple(
    (Operation(*first), Operation(*second))
    for first, second in (
        (("invert", 0.1, 7), ("contrast", 0.2, 6)),
        (("rotate", 0.7, 2), ("translate_x", 0.3, 9)),
        (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
        (("shear_y", 0.5, 8), ("translate_y", 0.7, 9)),
        (("autocontrast", 0.5, 8), ("equalize", 0.9, 2)),
        (("shear_y", 0.2, 7), ("posterize", 0.3, 7)),
        (("color", 0.4, 3), ("brightness", 0.6, 7)),
        (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
        (("equalize", 0.6, 5), ("equalize", 0.5, 1)),
        (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
        (("color", 0.7, 7), ("translate_x", 0.5, 8)),
        (("equalize", 0.3, 7), ("autocontrast", 0.4, 8)),
        (("translate_y", 0.4, 3), ("sharpness", 0.2, 6)),
        (("brightness", 0.9, 6), ("color", 0.2, 8)),
        (("solarize", 0.5, 2), ("invert", 0.0, 3)),
        (("equalize", 0.2, 0), ("autocontrast", 0.6, 0)),
        (("equalize", 0.2, 8), ("equalize", 0.6, 4)),
        (("color", 0.9, 9), ("equalize", 0.6, 6)),
        (("autocontrast", 0.8, 4), ("solarize", 0.2, 8)),
        (("brightness", 0.1, 3), ("color", 0.7, 0)),
        (("solarize", 0.4, 5), ("autocontrast", 0.9, 3)),
        (("translate_y", 0.9, 9), ("translate_y", 0.7, 9)),
        (("autocontrast", 0.9, 2), ("solarize", 0.8, 3)),
        (("equalize", 0.8, 8), ("invert", 0.1, 3)),
        (("translate_y", 0.7, 9), ("autocontrast", 0.9, 1)),
    )
)


class AutoAugmentCifar(ImageAugmentation):
    key: ClassVar[str] = "autoaugment_cifar"
    title: ClassVar[str] = "AutoAugment (CIFAR)"
    summary: ClassVar[str] = (
        "Applies one of the 25 pairs of operations that were found best for CIFAR-10 to each image; images of 16 bits "
        "are changed at 8 bits."
    )
    assumes: ClassVar[str] = "Small photographs of objects, whose colours, brightness and place do not tell the class."
    paper: ClassVar[str] = "Cubuk et al. 2019"
    family: ClassVar[Family] = Family.POLICY

    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        pairs = generator.integers(len(POLICY), size=len(images)).tolist()
        chances = generator.random((len(images), 2)).tolist()
        signs = np.where(generator.random((len(images), 2)) < 0.5, -1, 1).tolist()

        def changed(eight_bits: np.ndarray) -> Iterator[np.ndarray]:
            for image, pair, chance, sign in zip(eight_bits, pairs, chances, signs, strict=True):
                for operation, drawn, side in zip(POLICY[pair], chance, sign, strict=True):
                    if drawn < operation.probability:
                        strength = operation.magnitude / LARGEST_MAGNITUDE
                        image = POLICY_OPERATIONS[operation.name](image, strength, side)
                yield image

        return at_eight_bits(images, changed)
