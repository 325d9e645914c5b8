"""Some images of a dataset with their subbands, for the dashboard and for the wizard's live preview."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.measurements import ImageBytes, TransformFigures
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.imaging.fidelity import jpeg_fidelity, resize_fidelity
from engine.imaging.normalisation import coloured, normalise, png_bytes
from engine.imaging.transform_figures import energy_share, images_looked_at, transform_figures
from engine.imaging.wavelet import SUBBANDS, check_wavelet, decompose, decompose_levels
from engine.store.durable_file import appearing_file

HISTOGRAM_BINS = 33
"""An odd number: one bin is about zero."""
TRANSFORM_STREAM = 0xD37
SHOWN_WITHOUT_DWT = DwtSettings(wavelet="haar", level=1)


@dataclass(frozen=True)
class SubbandLevel:
    """The four subbands of one level of one image."""

    level: int
    bands: dict[str, np.ndarray]
    """Subband → float32 (height, width, channels)."""
    energy_share: dict[str, float]
    """Subband → its share of the sum of squares of this level, 0 to 1."""
    histograms: dict[str, np.ndarray]
    """Subband → how many values lie in each of `HISTOGRAM_BINS` equal bins: of the approximation from its minimum to
    its maximum, of a detail from minus to plus its largest magnitude, so that zero is in the middle."""


def write_samples(path: Path, dataset: PreparedDataset, images: ImageSettings, count_per_class: int = 3) -> None:
    """Write the first training images of each class and their subbands, as `DatasetReady.samples` says."""
    rows = dataset.splits[Split.TRAIN]
    chosen = np.concatenate(
        [rows[dataset.labels[rows] == label][:count_per_class] for label in range(len(dataset.classes))]
    )
    pixels = dataset.images[chosen]
    largest = np.iinfo(pixels.dtype).max
    settings = images.dwt or SHOWN_WITHOUT_DWT
    bands = decompose(pixels.astype(np.float32) / largest, settings)
    eight_bits = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    with appearing_file(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            images=eight_bits,
            labels=dataset.labels[chosen],
            classes=np.asarray(dataset.classes),
            subbands=np.stack([bands[name] for name in SUBBANDS], axis=1).astype(np.float32),
            fed=np.asarray(images.dwt.subbands if images.dwt else [], dtype=str),
        )


def subband_preview(image: np.ndarray, settings: DwtSettings) -> tuple[SubbandLevel, ...]:
    """All levels up to the settings', the first the finest.

    Args:
        image: (height, width) or (height, width, channels), uint8 or uint16.

    Raises:
        RecipeError: there is no such wavelet.
    """
    check_wavelet(settings.wavelet)
    pixels = image if image.ndim == 3 else image[:, :, None]
    levels = decompose_levels((pixels.astype(np.float32) / np.iinfo(pixels.dtype).max)[None], settings)
    return tuple(
        SubbandLevel(
            number,
            {name: band[0] for name, band in bands.items()},
            energy_share(bands),
            {name: _histogram(band, name) for name, band in bands.items()},
        )
        for number, bands in enumerate(levels, start=1)
    )


def _histogram(band: np.ndarray, name: str) -> np.ndarray:
    largest = float(np.abs(band).max())
    limits = (float(band.min()), float(band.max())) if name == "LL" else (-largest, largest)
    return np.histogram(band, bins=HISTOGRAM_BINS, range=limits)[0]


def image_size_preview(
    images: Sequence[np.ndarray], settings: ImageSettings, bytes_before: Sequence[int] = ()
) -> tuple[tuple[np.ndarray, ...], ImageBytes]:
    """Some images as the network's cache would hold them, their bytes before and after, and what is kept of them.

    Args:
        images: (height, width) or (height, width, 3), uint8 or uint16.
        bytes_before: sizes of their files; empty: of the same pixels as PNG.
    """
    normalised = [normalise(image, settings) for image in images]
    before = sum(bytes_before) or sum(png_bytes(coloured(image, settings.color)) for image in images)
    after = sum(size for _, size in normalised)
    sizes = ImageBytes(
        bytes_before=before,
        bytes_after=after,
        compression_ratio=before / max(after, 1),
        space_gain=1 - after / max(before, 1),
        resize_fidelity=resize_fidelity(images, settings),
        jpeg_fidelity=jpeg_fidelity(images, settings),
    )
    return tuple(pixels for pixels, _ in normalised), sizes


def sampled_transform_figures(dataset: PreparedDataset, dwt: DwtSettings | None, seed: int) -> TransformFigures | None:
    """What a wavelet transform keeps of some of the images, drawn by the seed; None where there is none."""
    if dwt is None:
        return None
    count = images_looked_at(*dataset.images.shape[1:3])
    rows = np.random.default_rng((seed, TRANSFORM_STREAM)).permutation(len(dataset.images))[:count]
    return transform_figures(dataset.images[np.sort(rows)], dwt)
