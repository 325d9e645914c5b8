"""OpenCV, imported when it is first needed, with one thread."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

CHANNELS_AT_ONCE = 4
"""What its affine map and its mean take."""
_ONE_AT_A_TIME = threading.Lock()


def opencv() -> Any:
    """The module `cv2`.

    It is imported late, because the window opens without it. It has one thread: images are small, and more threads
    would take the processor from TensorFlow, which computes at the same time.
    """
    with _ONE_AT_A_TIME:
        return _imported()


@cache
def _imported() -> Any:
    import cv2

    cv2.setNumThreads(1)
    return cv2
