"""Reads one image file with Pillow: any mode, upright, eight or sixteen bits."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.datasets.deep_colour import has_deep_colour, read_deep_colour

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pgm", ".ppm"})
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "PPM")
"""What a file may be, whatever its name says: Pillow would hand others, such as PostScript, to other programs."""
SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
BITS_PER_SAMPLE, PHOTOMETRIC, WHITE_IS_ZERO = 258, 262, 0
"""Tags of TIFF, and a value of the second."""
LARGEST_PIXELS = 120_000_000
"""An image of more is refused as a decompression bomb."""

# What Pillow warns of is told here as a reason. Once for the process: changing the filters at each image, as
# `warnings.catch_warnings` does, is not safe where several threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(path: Path) -> np.ndarray:
    """The image at `path`.

    Returns:
        (height, width) or (height, width, 3), uint8, or uint16 for more than eight bits; turned as its EXIF
        orientation says; transparency over white; of several frames the first. Nothing is stretched: a value means
        the same in all images. Fractions from 0 to 1 become 0 to 65535, whole numbers in that range stay.

    Raises:
        OSError: it cannot be read, or holds other values; the message says why, in a few words.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise OSError(f"has {picture.width}×{picture.height} pixels, which is more than can be trusted")
            if has_deep_colour(picture):
                return read_deep_colour(path, picture)
            stored = _Stored.of(picture)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            return _pixels(picture, stored)
    except UnidentifiedImageError:
        raise OSError("is empty" if path.stat().st_size == 0 else "is no image that Pillow can read") from None
    except Image.DecompressionBombError:
        raise OSError("has more pixels than can be trusted") from None
    except PermissionError:
        raise OSError("may not be read; check its permissions") from None
    except OSError as error:
        raise OSError(_reason(error)) from None
    except MemoryError:
        raise OSError("needs more memory than there is") from None
    except Exception as error:  # noqa: BLE001 - a damaged file makes Pillow's decoders raise nearly anything
        raise OSError(f"is damaged ({error})") from None


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return "is cut off" if "truncated" in text.lower() else text


@dataclass(frozen=True)
class _Stored:
    """What a TIFF file says of its values, which Pillow heeds for eight bits and not for more."""

    bits: int = 16
    white_is_zero: bool = False

    @classmethod
    def of(cls, picture: Image.Image) -> _Stored:
        tags = getattr(picture, "tag_v2", {})
        bits = tags.get(BITS_PER_SAMPLE, (16,))
        return cls(int(bits[0] if isinstance(bits, tuple) else bits), tags.get(PHOTOMETRIC) == WHITE_IS_ZERO)


def _pixels(picture: Image.Image, stored: _Stored) -> np.ndarray:
    if picture.mode in SIXTEEN_BIT_MODES:
        values = np.asarray(picture).astype(np.uint16)
        return (2**stored.bits - 1 - values).astype(np.uint16) if stored.white_is_zero else values
    if picture.mode in {"I", "F"}:
        if stored.white_is_zero:
            raise OSError("holds numbers of which 0 is white; save it as 16-bit integers of which 0 is black")
        return _sixteen_bits(np.asarray(picture))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    mode = "L" if picture.mode in {"1", "L", "LA"} else "RGB"
    # Converting to the mode that it has would copy it.
    return np.asarray(picture if picture.mode == mode else picture.convert(mode))


def _sixteen_bits(values: np.ndarray) -> np.ndarray:
    """Integers from 0 to 65535 as they are, fractions from 0 to 1 times 65535.

    Stretching others from their lowest to their highest would take away what tells a bright image from a dark one, or
    give away which image has an outlier.
    """
    if not np.isfinite(values).all():
        raise OSError("holds values that are no numbers")
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > (65535 if values.dtype.kind == "i" else 1):
        raise OSError(
            f"holds values from {low:g} to {high:g}; save all images on one scale, as integers from 0 to 65535 or as "
            "fractions from 0 to 1"
        )
    return values.astype(np.uint16) if values.dtype.kind == "i" else np.rint(values * 65535).astype(np.uint16)
