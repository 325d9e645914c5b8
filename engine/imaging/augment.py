"""Augments a batch of training images (Predić et al. 2022, Kharitonov 2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from PIL import Image

from engine.contract.training_settings import Augmentation
from engine.imaging.autoaugment import autoaugment_cifar

ROTATION_DEGREES = 15.0
"""Rotation is drawn evenly from plus to minus this; the corners take the image's mean colour."""


Streams = Mapping[Augmentation, np.random.Generator]


def augmentation_streams(names: Sequence[Augmentation], *seed: int) -> Streams:
    """A random stream for each augmentation: adding or leaving out one changes nothing that the others draw."""
    known = get_args(Augmentation)
    return {name: np.random.default_rng((*seed, known.index(name))) for name in names}


def augment(images: np.ndarray, streams: Streams) -> np.ndarray:
    """Each image changed at random, in the order of the streams' augmentations.

    Args:
        images: (n, height, width, channels), uint8 or uint16; not changed.

    Returns:
        The same shape and dtype.
    """
    for name, generator in streams.items():
        if name == "hflip":
            images = _flipped(images, 2, generator)
        elif name == "vflip":
            images = _flipped(images, 1, generator)
        elif name == "rotate":
            images = _rotated(images, generator)
        else:
            images = autoaugment_cifar(images, generator)
    return images


def _flipped(images: np.ndarray, axis: int, generator: np.random.Generator) -> np.ndarray:
    """Half of the images mirrored along an axis."""
    chosen = generator.random(len(images)) < 0.5
    flipped = images.copy()
    flipped[chosen] = np.flip(images[chosen], axis=axis)
    return flipped


def _rotated(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each image turned about its middle by an angle of its own, bilinear."""
    angles = generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES, len(images))
    turn = _turned_colour if images.dtype == np.uint8 and images.shape[3] == 3 else _turned_planes
    rotated = np.empty_like(images)
    for place, (image, angle) in enumerate(zip(images, angles, strict=True)):
        rotated[place] = turn(image, float(angle))
    return rotated


def _turned_colour(image: np.ndarray, angle: float) -> np.ndarray:
    # All channels at once: 2.6 times as fast at 32×32, for at most one grey level, because Pillow cuts off fractions.
    red, green, blue = np.rint(image.mean(axis=(0, 1))).astype(int).tolist()
    return np.asarray(Image.fromarray(image).rotate(angle, Image.Resampling.BILINEAR, fillcolor=(red, green, blue)))


def _turned_planes(image: np.ndarray, angle: float) -> np.ndarray:
    turned = np.empty_like(image)
    for channel in range(image.shape[2]):
        plane = Image.fromarray(image[:, :, channel].astype(np.float32))
        mean = float(image[:, :, channel].mean())
        turned[:, :, channel] = np.rint(np.asarray(plane.rotate(angle, Image.Resampling.BILINEAR, fillcolor=mean)))
    return turned
