"""Decodes JPEG of twelve bits for pydicom, whose own plugins read eight bits of that kind only."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
from pydicom import uid

DECODER_DEPENDENCIES = {uid.JPEGExtended12Bit: ("numpy", "imagecodecs")}
"""Read by pydicom, as is `is_available`."""


def is_available(syntax: str) -> bool:
    """Whether files of this transfer syntax can be decoded here."""
    return syntax in DECODER_DEPENDENCIES and find_spec("imagecodecs") is not None


def decode_frame(source: bytes, runner: Any) -> bytes:
    """The frame's pixels, as many bits as it was compressed with.

    Raises:
        imagecodecs.Jpeg8Error: it is no such JPEG, or damaged.
    """
    import imagecodecs

    pixels = imagecodecs.jpeg8_decode(source)
    runner.set_option("bits_allocated", 8 * pixels.dtype.itemsize)
    return np.ascontiguousarray(pixels).tobytes()
