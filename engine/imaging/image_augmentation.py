"""The forms of an augmentation: it changes each image alone, or moves its pixels, or mixes two images and labels."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from engine.contract.augmentation import Augmentation


class ImageAugmentation(Augmentation):
    """Changes each image of a batch, and no label."""

    @abstractmethod
    def apply(self, images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The images, each changed at random.

        Args:
            images: (n, height, width, channels), uint8 or uint16; must not be changed.
            generator: the only source of chance.

        Returns:
            The same shape and dtype. Values are rounded and kept within the dtype's range.
        """


class AffineAugmentation(Augmentation):
    """Moves the pixels of each image by an affine map; several in a row become one, which interpolates once."""

    @abstractmethod
    def matrices(self, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
        """A map for each image, drawn at random; (n, 2, 3) as `warped` takes them.

        Args:
            shape: (n, height, width, channels) of the images.
            generator: the only source of chance.
        """


@dataclass(frozen=True)
class Mixture:
    """Which images of a batch were mixed, and how much of each is left."""

    partners: np.ndarray
    """int64 (n,): the place in the batch of the other image."""
    shares: np.ndarray
    """float32 (n,), 0 to 1: how much of the result is the image itself."""


class MixingAugmentation(Augmentation):
    """Makes each image of a batch from itself and another one; the loss is shared out in the same way."""

    @abstractmethod
    def mix(self, images: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, Mixture]:
        """The mixed images and how they were mixed; arguments and images as in `ImageAugmentation.apply`."""
