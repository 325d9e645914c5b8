"""Decoders of compressed DICOM pixels through imagecodecs, as plugins for pydicom.

They stand in for GDCM, which ends the whole process (SIGABRT) on some damaged JPEG and JPEG-LS frames.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np

from engine.datasets.files.image_file import LARGEST_PIXELS

JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_2000 = "1.2.840.10008.1.2.4.91"
NAME = "imagecodecs"
CODECS: dict[str, tuple[Any, Callable[..., Any]]] = {
    JPEG_EXTENDED: (imagecodecs.JPEG8, imagecodecs.jpeg8_decode),
    JPEG_LOSSLESS: (imagecodecs.LJPEG, imagecodecs.ljpeg_decode),
    JPEG_LOSSLESS_SV1: (imagecodecs.LJPEG, imagecodecs.ljpeg_decode),
    JPEG_LS: (imagecodecs.JPEGLS, imagecodecs.jpegls_decode),
    JPEG_LS_NEAR: (imagecodecs.JPEGLS, imagecodecs.jpegls_decode),
    JPEG_2000_LOSSLESS: (imagecodecs.JPEG2K, imagecodecs.jpeg2k_decode),
    JPEG_2000: (imagecodecs.JPEG2K, imagecodecs.jpeg2k_decode),
}
DECODER_DEPENDENCIES = dict.fromkeys(CODECS, (NAME,))
"""pydicom asks for this name."""


START_OF_FRAME = {0xC0, 0xC1, 0xC3, 0xF7}
"""Markers of JPEG (baseline, extended, lossless) and JPEG-LS."""


def is_available(uid: str) -> bool:
    """Whether a transfer syntax can be decoded; pydicom asks for this name."""
    return uid in CODECS and bool(CODECS[uid][0].available)


def decode_frame(source: bytes, runner: Any) -> bytes:
    """The pixels of a frame, as pydicom's runner wants them: little-endian, colours interleaved.

    Raises:
        ValueError: the frame is damaged, or of another size than the file says.
    """
    if runner.rows * runner.columns > LARGEST_PIXELS:
        raise ValueError("more pixels than can be trusted")
    if str(runner.transfer_syntax) not in (JPEG_2000, JPEG_2000_LOSSLESS):
        _refuse_other_size(source, runner.rows, runner.columns)
    if str(runner.transfer_syntax) in (JPEG_LS, JPEG_LS_NEAR) and b"\xff\xd9" not in source[-4:]:
        # The decoder of JPEG-LS searches on without an end in a frame that is cut off.
        raise ValueError("the frame is cut off")
    pixels = np.asarray(CODECS[str(runner.transfer_syntax)][1](source))
    shape = (runner.rows, runner.columns) if runner.samples_per_pixel == 1 else (runner.rows, runner.columns, 3)
    if pixels.shape != shape:
        raise ValueError("the frame is of another size than the file says")
    deep = pixels.dtype.itemsize > 1
    runner.set_option("bits_allocated", 16 if deep else 8)
    if len(shape) == 3:
        runner.set_option("planar_configuration", 0)
    if pixels.dtype.kind == "i":
        pixels = pixels.view(f"u{pixels.dtype.itemsize}")
    return bytes(pixels.astype("<u2" if deep else np.uint8).tobytes())


def _refuse_other_size(source: bytes, rows: int, columns: int) -> None:
    """A damaged header may claim billions of pixels, on which a decoder would work for minutes."""
    place = 2
    while place + 9 <= len(source) and source[place] == 0xFF:
        marker, length = source[place + 1], int.from_bytes(source[place + 2 : place + 4], "big")
        if marker in START_OF_FRAME:
            said = (
                int.from_bytes(source[place + 5 : place + 7], "big"),
                int.from_bytes(source[place + 7 : place + 9], "big"),
            )
            if said != (rows, columns):
                raise ValueError("the frame is of another size than the file says")
            return
        place += 1 if marker == 0xFF else 2 + length
    raise ValueError("the frame has no header")


def install(get_decoder: Callable[[str], Any]) -> None:
    """Put these in the place of GDCM, behind pydicom's other plugins."""
    baseline = "1.2.840.10008.1.2.4.50"
    for syntax in (baseline, *CODECS):
        decoder = get_decoder(syntax)
        for plugin in decoder.available_plugins:
            if plugin == "gdcm":
                decoder.remove_plugin(plugin)
        if syntax in CODECS and NAME not in decoder.available_plugins:
            decoder.add_plugin(NAME, (__name__, "decode_frame"))
