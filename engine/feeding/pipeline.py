"""From cached images to the network's input: scale, wavelet transform, standardise; a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.contract.errors import RecipeError
from engine.contract.image_settings import ImageSettings
from engine.contract.pixel_reading import AS_STORED, PixelReading
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.imaging.scale import SCALES, check_scale
from engine.imaging.wavelet import check_wavelet, fed_subbands, transformed_side

STATISTICS_CHUNK = 64
SMALLEST_DEVIATION = 1e-6


def network_input_shape(images: ImageSettings) -> tuple[int, int, int]:
    """(height, width, channels) of what the network is fed.

    Raises:
        RecipeError: there is no such wavelet, the level leaves less than 4 pixels, or grey images have a scale of
            colours.
    """
    check_scale(images)
    height, width = images.height_width
    channels = 1 if images.color == "grayscale" else 3
    if images.dwt is None:
        return height, width, channels
    check_wavelet(images.dwt.wavelet)
    sides = transformed_side(height, images.dwt.level), transformed_side(width, images.dwt.level)
    if min(sides) < 4:
        raise RecipeError(
            f"images.dwt.level = {images.dwt.level} leaves {sides[0]}×{sides[1]} of {height}×{width} pixels; "
            "use a lower level or larger images."
        )
    return *sides, channels * len(images.dwt.subbands)


@dataclass(frozen=True)
class ImagePipeline:
    """The same arithmetic for training, calibration, measurement, and users of the shipped file."""

    settings: ImageSettings
    largest_value: int = 255
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    reading: PixelReading = AS_STORED
    """What was done to an image before it is resized: not used here, but described for users of the shipped file."""

    def feed(self, images: np.ndarray) -> np.ndarray:
        """The network's input for a batch.

        Args:
            images: (n, height, width, channels), uint8 or uint16, at the settings' size and colour.

        Returns:
            float32 (n, height', width', channels'): scaled; then the wavelet transform; for the
            scale standardize then minus the mean and divided by the deviation of each channel in the training images
            (Kharitonov 2024).
        """
        batch = SCALES[self.settings.scale].apply(images, self.largest_value)
        if self.settings.dwt is not None:
            batch = fed_subbands(batch, self.settings.dwt)
        if self.mean:
            batch -= np.asarray(self.mean, dtype=np.float32)
            batch /= np.asarray(self.deviation, dtype=np.float32)
        return batch


def fit_pipeline(images: ImageSettings, dataset: PreparedDataset) -> ImagePipeline:
    """The pipeline for a dataset; for scale "standardize" its statistics, streamed over the training images."""
    plain = ImagePipeline(images, int(np.iinfo(dataset.images.dtype).max), reading=dataset.reading)
    if images.scale != "standardize":
        return plain
    rows = dataset.splits[Split.TRAIN]
    channels = network_input_shape(images)[2]
    total, squares, count = np.zeros(channels), np.zeros(channels), 0
    for start in range(0, len(rows), STATISTICS_CHUNK):
        batch = plain.feed(dataset.images[rows[start : start + STATISTICS_CHUNK]]).astype(np.float64)
        total += batch.sum(axis=(0, 1, 2))
        squares += np.square(batch).sum(axis=(0, 1, 2))
        count += batch[..., 0].size
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, SMALLEST_DEVIATION**2))
    return replace(plain, mean=tuple(map(float, mean)), deviation=tuple(map(float, deviation)))
