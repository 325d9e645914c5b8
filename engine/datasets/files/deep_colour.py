"""Colour, or gray with transparency, of sixteen bits in PNG files, of which Pillow would keep the upper eight alone."""

from __future__ import annotations

import numpy as np
from PIL import Image

from engine.datasets.files.file_content import FileContent, whole_content
from engine.datasets.files.upright import upright

SIXTEEN_BITS = ";16"
"""In how Pillow calls the layout of such pixels, such as "RGB;16B"."""
SIXTEEN_BIT_MODES = frozenset({"RGB", "RGBA"})
ORIENTATION = 0x0112
"""EXIF's tag."""
WHITE = 65535


def has_deep_colour(picture: Image.Image) -> bool:
    """Whether an opened picture that is not loaded yet is such a PNG."""
    layouts = (str(tile.args) for tile in getattr(picture, "tile", ()))
    return picture.format == "PNG" and picture.mode in SIXTEEN_BIT_MODES and any(SIXTEEN_BITS in one for one in layouts)


def read_deep_colour(file: FileContent, picture: Image.Image) -> np.ndarray:
    """The pixels, uint16 (height, width, 3), upright, transparency over white.

    Raises:
        OSError, ValueError: it is damaged, or its channels are not what is known.
    """
    import imagecodecs

    pixels = np.asarray(imagecodecs.png_decode(whole_content(file)))
    if pixels.dtype != np.uint16 or pixels.ndim != 3 or pixels.shape[2] not in {2, 3, 4}:
        raise OSError("has 16-bit colours in an unusual layout; save it as RGB")
    if pixels.shape[2] != 3:
        opacity = pixels[..., -1:].astype(np.float64) / WHITE
        pixels = np.rint(pixels[..., :-1] * opacity + WHITE * (1 - opacity)).astype(np.uint16)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    return upright(pixels, picture.getexif().get(ORIENTATION, 1))
