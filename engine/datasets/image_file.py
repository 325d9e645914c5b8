"""Reads one image file with Pillow: any mode, upright, eight or sixteen bits."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pgm", ".ppm"})
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "PPM")
"""What a file may be, whatever its name says: Pillow would hand others, such as PostScript, to other programs."""
SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
LARGEST_PIXELS = 120_000_000
"""An image of more is refused as a decompression bomb."""

# What Pillow warns of is told here as a reason. Once for the process: changing the filters at each image, as
# `warnings.catch_warnings` does, is not safe where several threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(path: Path) -> np.ndarray:
    """The image at `path`.

    Returns:
        (height, width) or (height, width, 3), uint8, or uint16 for grayscale of more than eight bits; turned as its
        EXIF orientation says; transparency over white; of several frames the first.

    Raises:
        OSError: it cannot be read; the message says why, in a few words.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > LARGEST_PIXELS:
                raise OSError(f"has {picture.width}×{picture.height} pixels, which is more than can be trusted")
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            return _pixels(picture)
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


def _pixels(picture: Image.Image) -> np.ndarray:
    if picture.mode in SIXTEEN_BIT_MODES:
        return np.asarray(picture).astype(np.uint16)
    if picture.mode in {"I", "F"}:
        return _sixteen_bits(np.asarray(picture))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    mode = "L" if picture.mode in {"1", "L", "LA"} else "RGB"
    # Converting to the mode that it has would copy it.
    return np.asarray(picture if picture.mode == mode else picture.convert(mode))


def _sixteen_bits(values: np.ndarray) -> np.ndarray:
    """Integers from 0 to 65535 as they are; others, and fractions, stretched from the lowest to the highest."""
    if not np.isfinite(values).all():
        raise OSError("holds values that are no numbers")
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "i" and low >= 0 and high <= 65535:
        return values.astype(np.uint16)
    return np.rint((values - low) / max(high - low, 1e-12) * 65535).astype(np.uint16)
