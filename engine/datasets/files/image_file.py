"""Reads one image of a file: any mode of Pillow, TIFF of any number type, upright."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from engine.datasets.files.deep_colour import has_deep_colour, read_deep_colour
from engine.datasets.files.file_content import FileContent, is_empty, opened, path_or_stream
from engine.datasets.files.frames import HeldImages
from engine.datasets.files.tiff_image import MARKS, is_tiff, page_place, read_tiff, tiff_pages

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pgm", ".ppm"})
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "GIF", "WEBP", "PPM")
"""What a file may be, whatever its name says: Pillow would hand others, such as PostScript, to other programs."""
SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
PNG_HEAD_BYTES = 256
WHITE = np.uint16(65535)
SEVERAL_FRAMES = frozenset({".tif", ".tiff", ".gif", ".webp"})
"""What may hold more than one image."""
SEVERAL_FRAMES_MARKS = (*MARKS, b"GIF8", b"RIFF")
"""How these begin."""
FLOAT_MAPS = (b"Pf", b"PF")
"""How a portable float map begins."""
IMAGE_READING = (
    "Turn the image upright, as its EXIF orientation says. Put transparent parts over white. Of a file with several "
    "images each is an image of its own, or one of them is used.",
    "An image of 1 to 8 bits a value, of any colours, becomes one of 8 bits as Pillow converts it (mode L for gray, "
    "else RGB); one of 9 to 16 bits keeps its values. In a TIFF of which 0 is white, a value becomes the greatest that "
    "its bits can hold less the value.",
)
"""What `read_image` does, for whoever feeds a shipped file."""
LARGEST_PIXELS = 120_000_000
"""An image of more is refused as a decompression bomb."""

# What Pillow warns of is told here as a reason. Once for the process: changing the filters at each image, as
# `warnings.catch_warnings` does, is not safe where several threads decode.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_image(file: FileContent, frame: int = 0) -> np.ndarray:
    """One image of a file.

    Args:
        frame: from 0.

    Returns:
        (height, width) or (height, width, 3), turned as its EXIF orientation says, transparency over white; uint8, or
        uint16 for 16-bit images; of a TIFF of fractions, signed numbers or more than 16 bits just these. Nothing is
        stretched: a value means the same in all images.

    Raises:
        OSError: it cannot be read, or holds other values; the message says why, in a few words.
    """
    try:
        place = frame
        if is_tiff(file):
            pages = tiff_pages(file)
            if pages.pixels > LARGEST_PIXELS:
                raise OSError(f"has {pages.pixels:,} pixels, which is more than can be trusted")
            if not pages.for_pillow:
                return read_tiff(file, frame)
            place = page_place(file, frame) if frame else 0
        return _read_with_pillow(file, place)
    except UnidentifiedImageError:
        raise OSError("is empty" if is_empty(file) else "cannot be read as an image") from None
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


def has_own_scale(file: FileContent) -> bool:
    """Whether the type of the values does not say which of them is white; the image is not decoded.

    Raises:
        OSError: it cannot be read, or is damaged.
    """
    with opened(file) as stream:
        if stream.read(2) in FLOAT_MAPS:
            return True
    return is_tiff(file) and tiff_pages(file).dtype not in (np.uint8, np.bool_, np.uint16)


def held_images(file: FileContent) -> HeldImages:
    """What a file holds; one image where that cannot be told, which reading it tells."""
    if not _may_hold_several(file):
        return HeldImages(1)
    try:
        if is_tiff(file):
            pages = tiff_pages(file)
            return HeldImages(pages.count, pages.odd)
        with Image.open(path_or_stream(file), formats=FORMATS) as picture:
            return HeldImages(int(getattr(picture, "n_frames", 1)))
    except Exception:  # noqa: BLE001 - as above
        return HeldImages(1)


def _may_hold_several(file: FileContent) -> bool:
    """By its name, so that not every file is opened; bytes have none, and tell it themselves."""
    if isinstance(file, bytes):
        return file.startswith(SEVERAL_FRAMES_MARKS) or _is_animated_png(file)
    suffix = file.suffix.lower()
    return suffix in SEVERAL_FRAMES or (suffix == ".png" and _is_animated_png(file))


def _is_animated_png(file: FileContent) -> bool:
    """By the chunk that says so, which stands before the first image."""
    try:
        with opened(file) as stream:
            return b"acTL" in stream.read(PNG_HEAD_BYTES)
    except OSError:
        return False


def _read_with_pillow(file: FileContent, frame: int) -> np.ndarray:
    with Image.open(path_or_stream(file), formats=FORMATS) as picture:
        if picture.width * picture.height > LARGEST_PIXELS:
            raise OSError(f"has {picture.width * picture.height:,} pixels, which is more than can be trusted")
        if frame:
            picture.seek(frame)
        if has_deep_colour(picture):
            return read_deep_colour(file, picture)
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)
        return _pixels(picture)


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return "is cut off" if "truncated" in text.lower() else text


def _pixels(picture: Image.Image) -> np.ndarray:
    if picture.mode == "F":
        return np.asarray(picture)
    if picture.mode in SIXTEEN_BIT_MODES or picture.mode == "I":
        # Pillow scales a PGM of any greatest value to 65535.
        values = np.asarray(picture).astype(np.uint16)
        transparent = picture.info.get("transparency")
        return np.where(values == transparent, WHITE, values) if isinstance(transparent, int) else values
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    mode = "L" if picture.mode in {"1", "L", "LA"} else "RGB"
    # Converting to the mode that it has would copy it.
    return np.asarray(picture if picture.mode == mode else picture.convert(mode))
