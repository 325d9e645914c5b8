"""Imports SciPy and what depends on it, one thread at a time."""

from __future__ import annotations

import threading

_ONE_AT_A_TIME = threading.Lock()


def import_scipy() -> None:
    """Import what comparing and hashing images needs; at once where that is done.

    To be called before each use: it is late, as these imports take a second, and two threads that import SciPy for
    the first time at once can both fail (KeyError: 'scipy').
    """
    with _ONE_AT_A_TIME:
        import imagehash  # noqa: F401
        import scipy.fftpack  # noqa: F401
        from skimage.metrics import structural_similarity  # noqa: F401
