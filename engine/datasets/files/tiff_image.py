"""TIFF files of any number type and of several pages, through tifffile; what Pillow shows exactly is left to it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from engine.datasets.files.file_content import FileContent, opened, path_or_stream
from engine.datasets.files.upright import upright

MARKS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""How a TIFF begins; the last two are those of BigTIFF."""
ORIENTATION = 274
REDUCED = 1
"""In the tag of a page that shows another one smaller."""
UNSPECIFIED, MULTIPLIED = 0, 1
"""Of the tag that says what channels beside the colours are."""
GRAY, RGB, WHITE_IS_ZERO = "MINISBLACK", "RGB", "MINISWHITE"


@dataclass(frozen=True)
class TiffPages:
    """What the pages of a file are, told without decoding them."""

    count: int
    """Of images of the first one's size and type, without thumbnails and the levels of a pyramid."""
    dtype: np.dtype[Any]
    pixels: int
    """Of one image."""
    for_pillow: bool
    """Whether its values are eight bits or fewer, and each image has a page of its own."""
    odd: int
    """Pages of another size or type than the first one, which are no images of the file."""


def is_tiff(file: FileContent) -> bool:
    """Whether a file begins as a TIFF does.

    Raises:
        OSError: it cannot be read.
    """
    with opened(file) as stream:
        return stream.read(4) in MARKS


def tiff_pages(content: FileContent) -> TiffPages:
    """
    Raises:
        OSError: it cannot be read, or is damaged.
    """
    with _opened(content) as file:
        pages = _pages(file)
        stacked = _stacked(file)
        dtype = pages[0].dtype
        if dtype is None:
            raise OSError("holds numbers of a type that is not known")
        pixels = int(pages[0].imagewidth) * int(pages[0].imagelength)
        for_pillow = dtype in (np.uint8, np.bool_) and not stacked
        return TiffPages(stacked or len(pages), dtype, pixels, for_pillow, len(_whole_pages(file)) - len(pages))


def page_place(content: FileContent, frame: int) -> int:
    """Where among all pages of a file, thumbnails too, its image `frame` (from 0) stands."""
    with _opened(content) as file:
        return int(_pages(file)[frame].index)


def read_tiff(content: FileContent, frame: int = 0) -> np.ndarray:
    """The values of one of its images, upright: (height, width) or (height, width, 3), of the type that they have.

    Where 0 is white, unsigned values are turned round; transparency is over white, the greatest value of the type.

    Raises:
        OSError: it is damaged, or has channels or numbers that are not known; the message says which.
    """
    with _opened(content) as file:
        page = _pages(file)[0 if _stacked(file) else frame]
        try:
            if _stacked(file):
                stack = file.series[0].asarray()
                values = stack.reshape(-1, *page.shape)[frame]
            else:
                values = page.asarray()
        except MemoryError:
            raise OSError("needs more memory than there is") from None
        except Exception as error:  # noqa: BLE001 - a damaged file makes decoders raise nearly anything
            raise OSError(f"is damaged ({error})") from None
        if getattr(page, "planarconfig", 1) == 2 and values.ndim == 3:
            values = np.moveaxis(values, 0, -1)
        values = _with_known_channels(np.asarray(values), page)
        orientation = page.tags.get(ORIENTATION)
        return upright(values, int(orientation.value) if orientation else 1)


def _with_known_channels(values: np.ndarray, page: Any) -> np.ndarray:
    kind = page.photometric.name if page.photometric is not None else ""
    if values.dtype.kind not in "iuf":
        raise OSError(f"holds numbers of the type {values.dtype}, which are no gray values or colours")
    if kind == WHITE_IS_ZERO:
        if values.dtype.kind != "u":
            raise OSError("holds numbers of which 0 is white; save it as unsigned integers, or with 0 as black")
        values = (2 ** int(page.bitspersample) - 1 - values.astype(np.uint64)).astype(values.dtype)
    elif kind not in {GRAY, RGB}:
        raise OSError(f"holds {kind.lower() or 'unknown'} colours of more than 8 bits; save it as RGB")
    colours = 3 if kind == RGB else 1
    if values.ndim == 2 and colours == 1:
        return values
    if values.ndim != 3 or values.shape[2] not in {colours, colours + 1}:
        raise OSError(f"holds values of the shape {values.shape} instead of one gray value or colour a pixel")
    if values.shape[2] == colours + 1:
        opacity = (tuple(getattr(page, "extrasamples", ())) or (UNSPECIFIED,))[-1]
        # A channel that no tag calls opacity is one of measurements, such as another stain.
        values = values[..., :-1] if opacity == UNSPECIFIED else _over_white(values, page, opacity == MULTIPLIED)
    return values[..., 0] if colours == 1 else values


def _over_white(values: np.ndarray, page: Any, is_multiplied: bool) -> np.ndarray:
    """Of colours that are, or are not yet, multiplied by their opacity."""
    if values.dtype.kind != "u":
        raise OSError("holds transparency with fractions or signed numbers; save it without")
    white = 2 ** int(page.bitspersample) - 1
    opacity = values[..., -1:].astype(np.float64) / white
    own = values[..., :-1] * (1.0 if is_multiplied else opacity)
    return np.clip(np.rint(own + white * (1 - opacity)), 0, white).astype(values.dtype)


def _whole_pages(file: Any) -> list[Any]:
    """Without thumbnails and the like."""
    pages = [page for page in file.pages if not int(page.subfiletype or 0) & REDUCED]
    if not pages:
        raise OSError("holds no image")
    return pages


def _pages(file: Any) -> list[Any]:
    pages = _whole_pages(file)
    return [page for page in pages if (page.shape, page.dtype) == (pages[0].shape, pages[0].dtype)]


def _stacked(file: Any) -> int:
    """The images of an ImageJ stack that lie behind one page; 0: each has its page."""
    images = int((file.imagej_metadata or {}).get("images", 1)) if file.is_imagej else 1
    return images if images > len(file.pages) else 0


def _opened(content: FileContent) -> Any:
    try:
        return _tifffile().TiffFile(path_or_stream(content))
    except PermissionError:
        raise OSError("may not be read; check its permissions") from None
    except OSError as error:
        raise OSError(error.strerror or "cannot be read") from None
    except Exception as error:  # noqa: BLE001 - as above
        raise OSError(f"is damaged ({error})") from None


@lru_cache(maxsize=1)
def _tifffile() -> Any:
    """The library, loaded late; what it says of odd files into the log is told here as a reason."""
    import tifffile

    logging.getLogger("tifffile").disabled = True
    return tifffile
