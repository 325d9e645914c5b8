"""Makes one image smaller with Pillow: colour, resize with a chosen filter, re-save as JPEG (Trad et al. 2022)."""

from __future__ import annotations

import io
import zlib
from typing import Literal

import numpy as np
from PIL import Image

from engine.contract.image_settings import ImageSettings

Resample = Literal["lanczos", "bilinear", "bicubic", "nearest"]

PNG_OPTIONS = {"compress_level": 1, "compress_type": zlib.Z_RLE}
"""Of Pillow: for photographs within a hundredth of the usual level's size, in half of the time."""
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""ITU-R BT.601 weights of red, green and blue."""


def normalise(image: np.ndarray, settings: ImageSettings) -> tuple[np.ndarray, int]:
    """The image as the network's cache holds it, and its size as a file.

    Args:
        image: (height, width) or (height, width, 3), uint8 or uint16.

    Returns:
        (height, width, 1 or 3) of the same dtype at the settings' size, and the bytes of that image as a file: JPEG
        at the quality set, else lossless PNG. With a quality set the pixels are those read back from the JPEG, which
        has eight bits, so the dtype is uint8 then.
    """
    image = coloured(image, settings.color)
    if image.dtype == np.uint8 and not settings.jpeg_quality:
        # Not by way of an array: turning one into a picture again takes a tenth as long as resizing.
        picture = _resized(image, settings.height_width, settings.resample)
        return _pixels(picture), _png(picture)
    resized = resize(image, settings.height_width, settings.resample)
    return resaved(resized, settings.jpeg_quality) if settings.jpeg_quality else (resized, png_bytes(resized))


def coloured(image: np.ndarray, color: Literal["rgb", "grayscale"]) -> np.ndarray:
    """The image with one or three channels: (height, width, 1 or 3)."""
    if image.ndim == 2:
        image = image[:, :, None]
    channels = image.shape[2]
    if color == "rgb":
        return np.repeat(image, 3, axis=2) if channels == 1 else image
    if channels == 1:
        return image
    return np.rint(image.astype(np.float32) @ LUMA).astype(image.dtype)[:, :, None]


def resize(image: np.ndarray, height_width: tuple[int, int], resample: Resample) -> np.ndarray:
    """Resized with Pillow's antialiasing filter; 16-bit images through 32-bit floats, so that no depth is lost."""
    height, width = height_width
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    if image.dtype == np.uint8:
        return _pixels(_resized(image, height_width, resample))
    method = Image.Resampling[resample.upper()]
    planes = [
        np.asarray(Image.fromarray(plane).resize((width, height), method))
        for plane in np.moveaxis(image.astype(np.float32), 2, 0)
    ]
    largest = np.iinfo(image.dtype).max
    return np.clip(np.rint(np.stack(planes, axis=2)), 0, largest).astype(image.dtype)


def resaved(image: np.ndarray, quality: int) -> tuple[np.ndarray, int]:
    """The image after a JPEG file of `quality` (1 to 95, optimised), uint8, and that file's bytes."""
    if image.dtype != np.uint8:
        image = (image >> 8).astype(np.uint8)
    stream = io.BytesIO()
    _picture(image).save(stream, "JPEG", quality=quality, optimize=True)
    size = stream.tell()
    stream.seek(0)
    return _pixels(Image.open(stream)), size


def png_bytes(image: np.ndarray) -> int:
    """The bytes of the image (height, width, 1 or 3) as a quickly compressed PNG; 16-bit colour as three planes."""
    if image.dtype == np.uint8:
        return _png(_picture(image))
    return sum(_png(Image.fromarray(np.ascontiguousarray(plane))) for plane in np.moveaxis(image, 2, 0))


def _png(picture: Image.Image) -> int:
    stream = io.BytesIO()
    picture.save(stream, "PNG", **PNG_OPTIONS)
    return stream.tell()


def _resized(image: np.ndarray, height_width: tuple[int, int], resample: Resample) -> Image.Image:
    height, width = height_width
    return _picture(image).resize((width, height), Image.Resampling[resample.upper()])


def _pixels(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _picture(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else np.ascontiguousarray(image))
