"""The discrete wavelet transform of whole batches with PyWavelets (Trad et al. 2022)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import pywt

from engine.contract.errors import RecipeError
from engine.contract.image_settings import DwtSettings
from engine.contract.registry import unknown_name_message
from engine.imaging.opencv import opencv

SUBBANDS = ("LL", "LH", "HL", "HH")
"""Approximation; horizontal, vertical and diagonal detail."""

MODE = "periodization"
"""Of the signal's extension: halves each side exactly (rounded up), for every wavelet."""

BLOCK_VALUES = 2**18
"""Transformed at a time: with what is made of it, a block stays in a core's cache."""


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
    """Subbands of the last level, details thresholded as the settings say.

    Args:
        batch: float32 (n, height, width, channels).
        names: the subbands wanted.

    Returns:
        Subband → float32 (n, height', width', channels). All are divided by 2 per level, so that the approximation of
        an image in [0, 1] is a local mean in about [0, 1], and a detail lies in about [-0.5, 0.5].
    """
    batch = _approximation(batch, settings)
    # One allocation: a large one comes in large pages, and four smaller ones cost as long as the transform does.
    whole = np.empty((len(names), *_halved(batch.shape)), dtype=np.float32)
    bands = dict(zip(names, whole, strict=True))
    _fill(bands, batch, settings)
    return bands


def decompose_levels(batch: np.ndarray, settings: DwtSettings) -> tuple[Mapping[str, np.ndarray], ...]:
    """All four subbands of each level up to the settings', the first the finest, as `decompose` gives them."""
    levels = range(1, settings.level + 1)
    return tuple(decompose(batch, settings.model_copy(update={"level": level})) for level in levels)


def fed_subbands(batch: np.ndarray, settings: DwtSettings) -> np.ndarray:
    """What the network is fed: the chosen subbands of the last level as channels.

    Args:
        batch: float32 (n, height, width, channels).

    Returns:
        float32 (n, height', width', channels × subbands): all channels of the first subband, then of the next.
    """
    batch = _approximation(batch, settings)
    *shape, channels = _halved(batch.shape)
    fed = np.empty((*shape, channels * len(settings.subbands)), dtype=np.float32)
    parts = np.split(fed, len(settings.subbands), axis=3)
    _fill(dict(zip(settings.subbands, parts, strict=True)), batch, settings)
    return fed


def recompose(levels: Sequence[Mapping[str, np.ndarray]], wavelet: str, height_width: tuple[int, int]) -> np.ndarray:
    """The images that some subbands stand for; those that are missing count as zero.

    Args:
        levels: of each level, the first the finest, its subbands as `decompose` gives them; the approximation is
            read at the last one only.
        height_width: of the images, because odd sides were rounded up.

    Returns:
        float32 (n, height, width, channels).
    """
    like = next(iter(levels[-1].values()))
    batch = levels[-1].get("LL", np.zeros_like(like))
    sides = [tuple(transformed_side(side, level) for side in height_width) for level in range(len(levels))]
    for bands, (height, width) in zip(reversed(levels), reversed(sides), strict=True):
        details = tuple(2 * bands[name] if name in bands else np.zeros_like(batch) for name in SUBBANDS[1:])
        batch = pywt.idwt2((2 * batch, details), wavelet, mode=MODE, axes=(1, 2))[:, :height, :width]
    return np.asarray(batch, dtype=np.float32)


def _approximation(batch: np.ndarray, settings: DwtSettings) -> np.ndarray:
    """The approximation of the level before the last; of level 1 the images themselves."""
    for _ in range(settings.level - 1):
        smaller = np.empty(_halved(batch.shape), dtype=np.float32)
        _one_level({"LL": smaller}, batch, settings.wavelet)
        batch = smaller
    return batch


def _fill(bands: Mapping[str, np.ndarray], batch: np.ndarray, settings: DwtSettings) -> None:
    """One level into the arrays of `bands`, with thresholded details."""
    _one_level(bands, batch, settings.wavelet)
    if settings.threshold:
        for name in bands.keys() - {"LL"}:
            bands[name][...] = pywt.threshold(bands[name], np.float32(settings.threshold), settings.threshold_mode)


def _one_level(bands: Mapping[str, np.ndarray], batch: np.ndarray, wavelet: str) -> None:
    images = max(BLOCK_VALUES // batch[0].size, 1)
    blocks = [slice(start, start + images) for start in range(0, len(batch), images)]
    parts = [({name: band[block] for name, band in bands.items()}, batch[block]) for block in blocks]
    if wavelet == "haar" and batch.shape[1] % 2 == 0 and batch.shape[2] % 2 == 0:
        # In this thread: sums and differences take less time than threads lose over the interpreter's lock.
        if batch.shape[3] == 1:
            _haar_of_gray(bands, batch)
            return
        rows = np.empty((min(images, len(batch)), batch.shape[1] // 2, *batch.shape[2:]), dtype=np.float32)
        for some_bands, some in parts:
            _haar(some_bands, some, rows[: len(some)])
        return
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(parts))) as pool:
        deque(pool.map(lambda part: _filtered(part[0], part[1], wavelet), parts), maxlen=0)


def _filtered(bands: Mapping[str, np.ndarray], batch: np.ndarray, wavelet: str) -> None:
    """One level of any wavelet."""
    approximation, details = pywt.dwt2(batch, wavelet, mode=MODE, axes=(1, 2))
    for name, band in zip(SUBBANDS, (approximation, *details), strict=True):
        if name in bands:
            np.multiply(band, np.float32(0.5), out=bands[name])


def _haar(bands: Mapping[str, np.ndarray], batch: np.ndarray, rows: np.ndarray) -> None:
    """One Haar level on even sides by sums and differences: PyWavelets' numbers, only the subbands asked for.

    Args:
        rows: float32 (n, height / 2, width, channels) to work in.
    """
    top, bottom = batch[:, 0::2], batch[:, 1::2]
    for vertical, (smooth, detail) in ((np.add, ("LL", "HL")), (np.subtract, ("LH", "HH"))):
        if smooth not in bands and detail not in bands:
            continue
        vertical(top, bottom, out=rows)
        np.multiply(rows, np.float32(0.25), out=rows)
        # A channel at a time: NumPy's innermost loop would else be three values long.
        for channel in range(batch.shape[3]):
            left, right = rows[:, :, 0::2, channel], rows[:, :, 1::2, channel]
            for name, horizontal in ((smooth, np.add), (detail, np.subtract)):
                if name in bands:
                    horizontal(left, right, out=bands[name][..., channel])


def _haar_of_gray(bands: Mapping[str, np.ndarray], batch: np.ndarray) -> None:
    """`_haar` of one channel, faster: OpenCV takes neighbours apart in half the time of NumPy's strided views."""
    cv2 = opencv()
    images, height, width, _ = batch.shape
    at_once = max(BLOCK_VALUES // (height * width), 1)
    # Sides are even, so that the images of a block may stand on top of each other.
    work = np.empty((3, min(at_once, images) * height // 2, width // 2, 2), dtype=np.float32)
    for start in range(0, images, at_once):
        block = batch[start : start + at_once]
        neighbours = block.reshape(len(block) * height // 2, 2, width // 2, 2)
        top, bottom, both = work[:, : len(neighbours)]
        for row, half in enumerate((top, bottom)):
            cv2.transform(neighbours[:, row], _SUM_AND_DIFFERENCE, dst=half)
        for vertical, names in ((np.add, ("LL", "HL")), (np.subtract, ("LH", "HH"))):
            targets = {side: bands[name][start : start + at_once] for side, name in enumerate(names) if name in bands}
            if targets:
                vertical(top, bottom, out=both)
            if len(targets) == 2 and all(band.flags.c_contiguous for band in targets.values()):
                cv2.split(both, [band.reshape(both.shape[:2]) for band in targets.values()])
                continue
            for side, band in targets.items():
                band[..., 0] = both[..., side].reshape(band.shape[:3])


_SUM_AND_DIFFERENCE = np.array([[0.25, 0.25], [0.25, -0.25]], dtype=np.float32)
"""Of two neighbours, each by a quarter."""


def _halved(shape: tuple[int, ...]) -> tuple[int, ...]:
    images, height, width, channels = shape
    return images, transformed_side(height, 1), transformed_side(width, 1), channels
