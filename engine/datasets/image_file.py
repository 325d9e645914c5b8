"""Reads one image file with Pillow: any mode, upright, eight or sixteen bits."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pgm", ".ppm"})
SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N", "I"})
LARGEST_PIXELS = 120_000_000
"""An image of more is refused as a decompression bomb."""


def read_image(path: Path) -> np.ndarray:
    """The image at `path`.

    Returns:
        (height, width) or (height, width, 3), uint8, or uint16 for 16-bit grayscale; turned as its EXIF orientation
        says; transparency over white; of several frames the first.

    Raises:
        OSError: it cannot be read; the message says why, in a few words.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as picture:
                if picture.width * picture.height > LARGEST_PIXELS:
                    raise OSError(f"has {picture.width}×{picture.height} pixels, which is more than can be trusted")
                picture.load()
                return _pixels(ImageOps.exif_transpose(picture))
        except UnidentifiedImageError:
            raise OSError("is empty" if path.stat().st_size == 0 else "is no image that Pillow can read") from None
        except Image.DecompressionBombError:
            raise OSError("has more pixels than can be trusted") from None
        except PermissionError:
            raise OSError("may not be read; check its permissions") from None
        except OSError as error:
            raise OSError(_reason(error)) from None
        except (ValueError, SyntaxError, EOFError, IndexError, TypeError, OverflowError, MemoryError) as error:
            raise OSError(f"is damaged ({error})") from None


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return "is cut off" if "truncated" in text.lower() else text


def _pixels(picture: Image.Image) -> np.ndarray:
    if picture.mode in SIXTEEN_BIT_MODES:
        return np.clip(np.asarray(picture).astype(np.int64), 0, 65535).astype(np.uint16)
    if picture.mode == "F":
        values = np.asarray(picture)
        low, high = float(values.min()), float(values.max())
        return np.rint((values - low) / max(high - low, 1e-12) * 65535).astype(np.uint16)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    if picture.mode in {"1", "L", "LA"}:
        return np.asarray(picture.convert("L"))
    return np.asarray(picture.convert("RGB"))
