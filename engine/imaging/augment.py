"""Augments a batch of training images (papers P and K)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from engine.contract.recipe import Augmentation
from engine.imaging.autoaugment import autoaugment_cifar

ROTATION_DEGREES = 15.0
"""Rotation is drawn evenly from plus to minus this; the corners repeat the image's mean."""


def augment(images: np.ndarray, names: Sequence[Augmentation], generator: np.random.Generator) -> np.ndarray:
    """Each image changed at random, in the order of `names`.

    Args:
        images: (n, height, width, channels), uint8 or uint16; not changed.

    Returns:
        The same shape and dtype.
    """
    for name in names:
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
    angles = generator.uniform(-ROTATION_DEGREES, ROTATION_DEGREES, len(images))
    rotated = np.empty_like(images)
    for place, (image, angle) in enumerate(zip(images, angles, strict=True)):
        for channel in range(image.shape[2]):
            plane = Image.fromarray(image[:, :, channel].astype(np.float32))
            turned = plane.rotate(angle, Image.Resampling.BILINEAR, fillcolor=float(image[:, :, channel].mean()))
            rotated[place, :, :, channel] = np.rint(np.asarray(turned)).astype(images.dtype)
    return rotated
