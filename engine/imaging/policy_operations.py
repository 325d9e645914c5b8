"""The operations that policies draw from (Cubuk et al. 2019, table 6 of the appendix), through OpenCV at 8 bits.

They do what Pillow's `ImageEnhance` and `ImageOps` do, within a grey level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from engine.imaging.opencv import CHANNELS_AT_ONCE, opencv
from engine.imaging.warping import about_middle, warped_image

PolicyOperation = Callable[[np.ndarray, float, int], np.ndarray]
"""Image uint8 (height, width, channels), strength 0 to 1, sign 1 or −1 → the changed image."""
GREY = (128.0,) * CHANNELS_AT_ONCE
"""What is mapped from outside of the image."""
LARGEST_SHEAR = 0.3
LARGEST_SHIFT_SHARE = 150 / 331
"""Of the side: the paper's 150 pixels of 331."""
LARGEST_DEGREES = 30.0
LARGEST_ENHANCEMENT = 0.9
SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
"""Pillow's filter, that sharpness is measured from."""


def at_eight_bits(images: np.ndarray, changed: Callable[[np.ndarray], Iterable[np.ndarray]]) -> np.ndarray:
    """Each image changed at 8 bits per channel.

    Args:
        images: (n, height, width, channels), uint8 or uint16. Of 16 bits, each image is scaled by its brightest value,
            and back: a scanner may use twelve of them.
        changed: gives uint8 images for uint8 images, in their order.
    """
    result = np.empty_like(images)
    if images.dtype == np.uint8:
        for place, image in enumerate(changed(images)):
            result[place] = image
        return result
    brightest = np.maximum(images.max(axis=(1, 2, 3)), 1).astype(np.float32)
    eight_bits = np.rint(images * (255 / brightest)[:, None, None, None]).astype(np.uint8)
    for place, image in enumerate(changed(eight_bits)):
        result[place] = np.rint(image * (brightest[place] / 255))
    return result


def _mapped(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    channels = image.shape[2]
    if channels <= CHANNELS_AT_ONCE:
        return warped_image(image, matrix, GREY)
    parts = [image[:, :, first : first + CHANNELS_AT_ONCE] for first in range(0, channels, CHANNELS_AT_ONCE)]
    return np.concatenate([warped_image(part, matrix, GREY) for part in parts], axis=2)


def _sheared(horizontal: bool) -> PolicyOperation:
    def shear(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
        slope = sign * LARGEST_SHEAR * strength
        # About the corner of the first pixel, as Pillow counts, and not about its middle.
        still, sheared = ([1, 0, 0], [0, 1, 0]), ([1, slope, slope / 2], [slope, 1, slope / 2])
        return _mapped(image, np.array([sheared[0], still[1]] if horizontal else [still[0], sheared[1]]))

    return shear


def _shifted(horizontal: bool) -> PolicyOperation:
    def shift(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
        pixels = sign * strength * LARGEST_SHIFT_SHARE * image.shape[1 if horizontal else 0]
        return _mapped(image, np.array([[1, 0, pixels], [0, 1, 0]] if horizontal else [[1, 0, 0], [0, 1, pixels]]))

    return shift


def _rotate(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    angle = math.radians(sign * LARGEST_DEGREES * strength)
    cosine, sine = math.cos(angle), math.sin(angle)
    return _mapped(image, about_middle(np.array([[[cosine, -sine], [sine, cosine]]]), *image.shape[:2])[0])


def _blended(start: np.ndarray, image: np.ndarray, factor: float) -> np.ndarray:
    """From one image (factor 0) to another (1) and beyond; rounded and saturated."""
    blended: np.ndarray = opencv().addWeighted(start, 1 - factor, image, factor, 0).reshape(image.shape)
    return blended


def _factor(strength: float, sign: int) -> float:
    return 1 + sign * LARGEST_ENHANCEMENT * strength


def _grey(image: np.ndarray) -> np.ndarray:
    cv2 = opencv()
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)  # type: ignore[no-any-return]


def _color(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    if image.shape[2] != 3:
        return image
    cv2 = opencv()
    return _blended(cv2.cvtColor(_grey(image), cv2.COLOR_GRAY2RGB), image, _factor(strength, sign))


def _contrast(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    mean = round(float((_grey(image) if image.shape[2] == 3 else image).mean()))
    factor = _factor(strength, sign)
    changed: np.ndarray = opencv().addWeighted(image, factor, image, 0, (1 - factor) * mean)
    return changed.reshape(image.shape)


def _brightness(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return opencv().convertScaleAbs(image, alpha=_factor(strength, sign)).reshape(image.shape)  # type: ignore[no-any-return]


def _sharpness(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    smooth = opencv().filter2D(image, -1, SMOOTH).reshape(image.shape)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        smooth[edge] = image[edge]
    return _blended(smooth, image, _factor(strength, sign))


def _posterize(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return image & np.uint8(256 - 2 ** round(4 * strength))


def _solarize(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    return np.where(image < round(256 * (1 - strength)), image, 255 - image)


def _autocontrast(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    flat = image.reshape(-1, image.shape[2])
    low, high = flat.min(axis=0).astype(np.float32), flat.max(axis=0).astype(np.float32)
    scale = np.where(high > low, 255 / np.maximum(high - low, 1), 1)
    offset = np.where(high > low, low * scale, 0)
    return (image * scale.astype(np.float32) - offset.astype(np.float32) + 0.5).astype(np.uint8)


def _equalize(image: np.ndarray, strength: float, sign: int) -> np.ndarray:
    cv2 = opencv()
    equal = np.empty_like(image)
    for channel in range(image.shape[2]):
        plane = image[:, :, channel]
        counts = cv2.calcHist([plane], [0], None, [256], [0, 256]).ravel().astype(np.int64)
        step = (plane.size - counts[counts.nonzero()[0][-1]]) // 255
        # Too few pixels to spread over 256 values stay, as in Pillow; OpenCV's own `equalizeHist` differs.
        table = np.minimum((np.cumsum(counts) - counts + step // 2) // step, 255) if step else np.arange(256)
        equal[:, :, channel] = table[plane]
    return equal


POLICY_OPERATIONS: Mapping[str, PolicyOperation] = MappingProxyType(
    {
        "identity": lambda image, strength, sign: image,
        "shear_x": _sheared(horizontal=True),
        "shear_y": _sheared(horizontal=False),
        "translate_x": _shifted(horizontal=True),
        "translate_y": _shifted(horizontal=False),
        "rotate": _rotate,
        "color": _color,
        "contrast": _contrast,
        "sharpness": _sharpness,
        "brightness": _brightness,
        "posterize": _posterize,
        "solarize": _solarize,
        "autocontrast": _autocontrast,
        "equalize": _equalize,
        "invert": lambda image, strength, sign: 255 - image,
    }
)
RANDOM_OPERATIONS = tuple(name for name in POLICY_OPERATIONS if name != "invert")
"""The fourteen of RandAugment (Cubuk et al. 2020, section 3) and TrivialAugment."""
