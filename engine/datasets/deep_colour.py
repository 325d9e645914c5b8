"""Colour of sixteen bits in PNG and TIFF files, of which Pillow would keep the upper eight alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIXTEEN_BITS = ";16"
"""In how Pillow calls the layout of such pixels, such as "RGB;16B"."""
BITS_PER_SAMPLE = 258
"""TIFF's tag."""
SIXTEEN_BIT_MODES = frozenset({"RGB", "RGBA"})
ORIENTATION = 0x0112
"""EXIF's tag; of each value: how many quarter turns to the left, after mirroring left and right or not."""
UPRIGHT = {
    1: (0, False),
    2: (0, True),
    3: (2, False),
    4: (2, True),
    5: (1, True),
    6: (3, False),
    7: (3, True),
    8: (1, False),
}
WHITE = 65535


def has_deep_colour(picture: Image.Image) -> bool:
    """Whether an opened picture that is not loaded yet has colours, or gray with transparency, of sixteen bits."""
    if picture.mode not in SIXTEEN_BIT_MODES:
        return False
    if picture.format == "TIFF":
        return max(getattr(picture, "tag_v2", {}).get(BITS_PER_SAMPLE, (8,))) == 16
    return any(SIXTEEN_BITS in str(tile.args) for tile in getattr(picture, "tile", ()))


def read_deep_colour(path: Path, picture: Image.Image) -> np.ndarray:
    """The pixels, uint16 (height, width, 3), upright, transparency over white.

    Raises:
        OSError, ValueError: it is damaged, or its channels are not what is known.
    """
    pixels = _png(path) if picture.format == "PNG" else _tiff(path)
    if pixels.dtype != np.uint16 or pixels.ndim != 3 or pixels.shape[2] not in {2, 3, 4}:
        raise OSError("has 16-bit colours in an unusual layout; save it as RGB")
    if pixels.shape[2] != 3:
        opacity = pixels[..., -1:].astype(np.float64) / WHITE
        pixels = np.rint(pixels[..., :-1] * opacity + WHITE * (1 - opacity)).astype(np.uint16)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    turns, mirrored = UPRIGHT.get(picture.getexif().get(ORIENTATION, 1), (0, False))
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if mirrored else pixels, turns))


def _png(path: Path) -> np.ndarray:
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(path.read_bytes()))


def _tiff(path: Path) -> np.ndarray:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        pixels = np.asarray(page.asarray())
        planar = getattr(page, "planarconfig", 1) == 2
    return np.moveaxis(pixels, 0, -1) if planar else pixels
