"""The discrete wavelet transform of whole batches with PyWavelets (Trad et al. 2022)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

import numpy as np
import pywt

from engine.contract.errors import RecipeError
from engine.contract.recipe import DwtSettings
from engine.contract.registry import unknown_name_message

SUBBANDS = ("LL", "LH", "HL", "HH")
"""Approximation; horizontal, vertical and diagonal detail."""

MODE = "periodization"
"""Of the signal's extension: halves each side exactly (rounded up), for every wavelet."""


def check_wavelet(name: str) -> None:
    """Raises: RecipeError, naming the nearest known one, where there is no such discrete wavelet."""
    if name not in discrete_wavelets():
        near = [known for known in discrete_wavelets() if known[:2] == name[:2]]
        raise RecipeError(f"images.dwt.wavelet: {unknown_name_message('wavelet', name, near or list(FAMILIES))}")


FAMILIES = ("haar", "db2", "sym4", "coif1", "bior2.2", "rbio2.2", "dmey")
"""One of each family, for choosing and for error messages."""


@lru_cache(maxsize=1)
def discrete_wavelets() -> tuple[str, ...]:
    """The names of all discrete wavelets."""
    return tuple(pywt.wavelist(kind="discrete"))


def transformed_side(side: int, level: int) -> int:
    """Pixels of a subband's side after `level` transforms."""
    for _ in range(level):
        side = -(-side // 2)
    return side


def decompose(batch: np.ndarray, settings: DwtSettings, names: Collection[str] = SUBBANDS) -> Mapping[str, np.ndarray]:
    """Subbands of the last level.

    Args:
        batch: float32 (n, height, width, channels).
        names: the subbands wanted; the others may be left out.

    Returns:
        Subband → float32 (n, height', width', channels). All are divided by 2 a level, so that the approximation of
        an image in [0, 1] is a local mean in about [0, 1].
    """
    wavelet = pywt.Wavelet(settings.wavelet)
    for _ in range(settings.level - 1):
        batch = _one_level(batch, wavelet, {"LL"})["LL"]
    return _one_level(batch, wavelet, names)


def fed_subbands(batch: np.ndarray, settings: DwtSettings) -> np.ndarray:
    """What the network is fed: the chosen subbands of the last level as channels.

    Args:
        batch: float32 (n, height, width, channels).

    Returns:
        float32 (n, height', width', channels × subbands): all channels of the first subband, then of the next.
    """
    bands = decompose(batch, settings, settings.subbands)
    if len(settings.subbands) == 1:
        return np.ascontiguousarray(bands[settings.subbands[0]], dtype=np.float32)
    return np.concatenate([bands[name] for name in settings.subbands], axis=3).astype(np.float32, copy=False)


def _one_level(batch: np.ndarray, wavelet: pywt.Wavelet, names: Collection[str]) -> dict[str, np.ndarray]:
    if wavelet.name == "haar" and batch.shape[1] % 2 == 0 and batch.shape[2] % 2 == 0:
        return _haar(batch, names)
    approximation, details = pywt.dwt2(batch, wavelet, mode=MODE, axes=(1, 2))
    return {name: band * np.float32(0.5) for name, band in zip(SUBBANDS, (approximation, *details), strict=True)}


def _haar(batch: np.ndarray, names: Collection[str]) -> dict[str, np.ndarray]:
    """One Haar level on even sides by sums and differences: PyWavelets' numbers, only the subbands asked for."""
    bands: dict[str, np.ndarray] = {}
    top, bottom = batch[:, 0::2], batch[:, 1::2]
    for vertical, (smooth, detail) in ((np.add, ("LL", "HL")), (np.subtract, ("LH", "HH"))):
        if smooth in names or detail in names:
            rows = vertical(top, bottom)
            left, right = rows[:, :, 0::2], rows[:, :, 1::2]
            for name, horizontal in ((smooth, np.add), (detail, np.subtract)):
                if name in names:
                    bands[name] = horizontal(left, right)
                    bands[name] *= np.float32(0.25)
    return bands
