"""How pixels become the network's input: one entry per value of `images.scale`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from engine.contract.errors import RecipeError
from engine.contract.image_settings import ImageGrid

Normalization = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation of (pixel - mean) / deviation, one of each or one per channel."""
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)
"""Blue, green, red of ImageNet's training images, 0 to 255 (Simonyan and Zisserman 2015, as Keras has it)."""
IMAGENET_MEAN_RGB = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION_RGB = (0.229, 0.224, 0.225)
"""Red, green, blue of ImageNet's training images, 0 to 1 (as torchvision and timm have them)."""


@dataclass(frozen=True)
class Scale:
    """factor * pixel / largest value - offset."""

    factor: tuple[float, ...] = (1.0,)
    offset: tuple[float, ...] = (0.0,)
    """Of both one, or one per channel."""
    by_own_largest: bool = False
    """Whether the largest value is that of the image (Garifulla et al. 2022) rather than that of its type."""
    blue_first: bool = False
    """Whether the channels become blue, green, red."""
    afterwards: tuple[str, ...] = ()
    """What is done after the division, in words."""

    @property
    def of_colours(self) -> bool:
        """Whether it scales red, green and blue differently, so that gray images cannot have it."""
        return max(len(self.factor), len(self.offset)) > 1

    def apply(self, images: np.ndarray, largest_value: int) -> np.ndarray:
        """Scaled images.

        Args:
            images: uint8 or uint16 (n, height, width, channels).
            largest_value: that a pixel of this type can have.

        Returns:
            float32 of the same shape.
        """
        batch = images[..., ::-1].astype(np.float32, order="C") if self.blue_first else images.astype(np.float32)
        if self.by_own_largest:
            batch /= np.maximum(images.max(axis=(1, 2, 3), keepdims=True), 1).astype(np.float32)
        else:
            batch *= np.asarray([one / largest_value for one in self.factor], dtype=np.float32)
        if any(self.offset):
            batch -= np.asarray(self.offset, dtype=np.float32)
        return batch

    def steps(self, largest_value: int) -> tuple[str, ...]:
        """The same in words."""
        if self.by_own_largest:
            return ("Divide it by its own largest value, over all channels.",)
        if self.factor == (float(largest_value),) and not any(self.offset) and not self.blue_first:
            return (f"Leave its values as they are, from 0 to {largest_value}.",)
        return (f"Divide it by {largest_value}.", *self.afterwards)

    def normalization(self, largest_value: int) -> Normalization | None:
        """None where no mean and deviation of pixels in the order red, green, blue says it."""
        if self.by_own_largest or self.blue_first:
            return None
        deviation = tuple(largest_value / one for one in self.factor)
        per_channel = deviation * (len(self.offset) // len(deviation))
        return tuple(one * each for one, each in zip(self.offset, per_channel, strict=True)), deviation


SCALES: Mapping[str, Scale] = MappingProxyType(
    {
        "unit": Scale(),
        "symmetric": Scale(factor=(2.0,), offset=(1.0,), afterwards=("Multiply it by 2 and subtract 1.",)),
        "imagenet_bgr": Scale(
            factor=(255.0,),
            offset=IMAGENET_MEAN_BGR,
            blue_first=True,
            afterwards=(
                "Multiply it by 255, put its channels into the order blue, green, red, and subtract "
                f"{IMAGENET_MEAN_BGR[0]} of blue, {IMAGENET_MEAN_BGR[1]} of green and {IMAGENET_MEAN_BGR[2]} of red.",
            ),
        ),
        "imagenet_rgb": Scale(
            factor=tuple(1 / one for one in IMAGENET_DEVIATION_RGB),
            offset=tuple(
                mean / deviation for mean, deviation in zip(IMAGENET_MEAN_RGB, IMAGENET_DEVIATION_RGB, strict=True)
            ),
            afterwards=(
                f"Subtract {IMAGENET_MEAN_RGB[0]} of red, {IMAGENET_MEAN_RGB[1]} of green and {IMAGENET_MEAN_RGB[2]} "
                f"of blue, and divide by {IMAGENET_DEVIATION_RGB[0]}, {IMAGENET_DEVIATION_RGB[1]} and "
                f"{IMAGENET_DEVIATION_RGB[2]}.",
            ),
        ),
        "bytes": Scale(factor=(255.0,), afterwards=("Multiply it by 255.",)),
        "per_image_max": Scale(by_own_largest=True),
        "standardize": Scale(),
    }
)


def check_scale(images: ImageGrid) -> None:
    """Raises: RecipeError: the scale is one of colours, and the images have none."""
    if SCALES[images.scale].of_colours and images.color == "grayscale":
        raise RecipeError(
            f'images.scale = "{images.scale}" is a scale for colours, but the images are grayscale; choose '
            'images.color = "rgb", which repeats the grey, or another scale.'
        )
