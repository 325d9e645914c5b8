"""Augments a batch of training images by the kinds that a recipe names (Predić et al. 2022, Kharitonov 2024)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.contract.augmentation import AUGMENTATIONS, Augmentation
from engine.imaging.image_augmentation import AffineAugmentation, ImageAugmentation, MixingAugmentation, Mixture
from engine.imaging.warping import one_after_another, warped

Streams = Mapping[str, np.random.Generator]
"""Key of an augmentation → its source of chance, in the order in which they are applied."""
CHOICE = "which of the mixing kinds"


class Augmented(NamedTuple):
    """A batch after its augmentations."""

    images: np.ndarray
    """As they were given, in shape and dtype."""
    mixture: Mixture | None
    """How images, and so their labels, were mixed; None where they were not."""


def augmentation_streams(names: Sequence[str], *seed: int) -> Streams:
    """A random stream for each augmentation, made from the seed and its key: adding or leaving out one, or a new kind
    of augmentation, changes nothing that the others draw.

    Of several kinds that mix images, one is drawn for the batch and the others are left out (as Wightman et al. 2021):
    an image of more than two has no two labels.
    """
    mixing = [name for name in dict.fromkeys(names) if issubclass(AUGMENTATIONS[name], MixingAugmentation)]
    left_out = set(mixing)
    if mixing:
        left_out.discard(mixing[_stream(CHOICE, seed).integers(len(mixing))] if len(mixing) > 1 else mixing[0])
    return {name: _stream(name, seed) for name in names if name not in left_out}


def augment(images: np.ndarray, streams: Streams) -> Augmented:
    """Each image changed at random, in the order of the streams' augmentations.

    Args:
        images: (n, height, width, channels), uint8 or uint16; not changed.

    Raises:
        RecipeError: an augmentation has no meaning for these images.
    """
    mixture = maps = None
    for name, generator in streams.items():
        kind: Augmentation = AUGMENTATIONS[name]()
        if isinstance(kind, AffineAugmentation):
            drawn = kind.matrices(images.shape, generator)
            maps = drawn if maps is None else one_after_another(maps, drawn)
            continue
        if maps is not None:
            images, maps = warped(images, maps), None
        if isinstance(kind, MixingAugmentation):
            images, mixture = kind.mix(images, generator)
        elif isinstance(kind, ImageAugmentation):
            images = kind.apply(images, generator)
        else:
            raise TypeError(f'the augmentation "{name}" has none of the forms of image_augmentation.py')
    return Augmented(images if maps is None else warped(images, maps), mixture)


def mixes_images(names: Sequence[str]) -> bool:
    """Whether one of them mixes images, and so labels."""
    return any(issubclass(AUGMENTATIONS[name], MixingAugmentation) for name in names)


def _stream(key: str, seed: tuple[int, ...]) -> np.random.Generator:
    number = int.from_bytes(hashlib.sha256(key.encode("utf-8")).digest()[:8], "big")
    return np.random.default_rng((*seed, number))
