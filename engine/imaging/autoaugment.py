"""AutoAugment's CIFAR-10 policy (Cubuk et al. 2019, arXiv:1805.09501, table 7 of its appendix), through Pillow."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageEnhance, ImageOps


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
GREY = 128


def autoaugment_cifar(images: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each image through one of the 25 sub-policies, chosen at random.

    Args:
        images: (n, height, width, 1 or 3); 16-bit ones are changed at 8 bits per channel.

    Returns:
        The same shape and dtype.
    """
    step = 257 if images.dtype == np.uint16 else 1
    changed = np.empty_like(images)
    for place, image in enumerate(images):
        eight_bits = (image // step).astype(np.uint8)
        picture = Image.fromarray(eight_bits[:, :, 0] if image.shape[2] == 1 else eight_bits)
        for operation in POLICY[generator.integers(len(POLICY))]:
            chance, sign = generator.random(), -1 if generator.random() < 0.5 else 1
            if chance < operation.probability:
                picture = _OPERATIONS[operation.name](picture, operation.magnitude / 9, sign)
        result = np.asarray(picture).reshape(image.shape).astype(images.dtype)
        changed[place] = result * images.dtype.type(step)
    return changed


def _affine(picture: Image.Image, a: float, b: float, c: float, d: float, e: float, f: float) -> Image.Image:
    grey = GREY if picture.mode == "L" else (GREY, GREY, GREY)
    return picture.transform(
        picture.size, Image.Transform.AFFINE, (a, b, c, d, e, f), Image.Resampling.BILINEAR, fillcolor=grey
    )


def _rotate(picture: Image.Image, strength: float, sign: int) -> Image.Image:
    grey = GREY if picture.mode == "L" else (GREY, GREY, GREY)
    return picture.rotate(sign * 30 * strength, Image.Resampling.BILINEAR, fillcolor=grey)


def _shift(picture: Image.Image, strength: float, sign: int, horizontal: bool) -> Image.Image:
    # The paper's 150 of 331 pixels, as a share of the side.
    pixels = sign * strength * 150 / 331 * picture.size[0 if horizontal else 1]
    return _affine(picture, 1, 0, pixels if horizontal else 0, 0, 1, 0 if horizontal else pixels)


def _enhanced(kind: type) -> Callable[[Image.Image, float, int], Image.Image]:
    return lambda picture, strength, sign: kind(picture).enhance(1 + sign * 0.9 * strength)


_OPERATIONS: dict[str, Callable[[Image.Image, float, int], Image.Image]] = {
    "shear_x": lambda picture, strength, sign: _affine(picture, 1, sign * 0.3 * strength, 0, 0, 1, 0),
    "shear_y": lambda picture, strength, sign: _affine(picture, 1, 0, 0, sign * 0.3 * strength, 1, 0),
    "translate_x": lambda picture, strength, sign: _shift(picture, strength, sign, True),
    "translate_y": lambda picture, strength, sign: _shift(picture, strength, sign, False),
    "rotate": _rotate,
    "color": _enhanced(ImageEnhance.Color),
    "contrast": _enhanced(ImageEnhance.Contrast),
    "sharpness": _enhanced(ImageEnhance.Sharpness),
    "brightness": _enhanced(ImageEnhance.Brightness),
    "posterize": lambda picture, strength, sign: ImageOps.posterize(picture, 8 - round(4 * strength)),
    "solarize": lambda picture, strength, sign: ImageOps.solarize(picture, round(256 * (1 - strength))),
    "autocontrast": lambda picture, strength, sign: ImageOps.autocontrast(picture),
    "equalize": lambda picture, strength, sign: ImageOps.equalize(picture),
    "invert": lambda picture, strength, sign: ImageOps.invert(picture),
}
