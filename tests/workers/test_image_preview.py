"""What the image settings make of samples: the same pixels and bytes as a run's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import Cancelled, RecipeError
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.progress import Progress
from engine.datasets.cache.preparation import prepare, scan
from tests.small_study import draw_class_folders
from workers.dataset_scan import DecodedSample, scan_dataset
from workers.image_preview import SHOWN_PIXELS, preview_images


def _samples(count: int = 3, side: int = 64) -> list[DecodedSample]:
    generator = np.random.default_rng(1)
    return [DecodedSample(generator.integers(0, 255, (side, side, 3), np.uint8), 5000) for _ in range(count)]


def test_the_sizes_are_those_that_a_run_measures(tmp_path: Path) -> None:
    """Eight images, so that the preview sees them all."""
    dataset = DatasetSettings(kind="image_folder", path=str(draw_class_folders(tmp_path / "images", count=4)))
    images = ImageSettings(size=48, color="grayscale", jpeg_quality=60)
    preview = preview_images(images, scan_dataset(dataset, 7, tmp_path / "cache", Progress()).samples, Progress())
    prepared = prepare(scan(dataset, 7), dataset, images, 7, tmp_path / "cache")
    assert preview.images == 8
    assert preview.sizes == prepared.image_bytes
    assert preview.after.shape == (48, 48)


def test_an_average_is_what_the_approximation_shows() -> None:
    """Haar's approximation of a flat image is flat and holds all of its energy."""
    flat = [DecodedSample(np.full((32, 32, 3), 100, np.uint8), 10)]
    preview = preview_images(ImageSettings(size=32, dwt=DwtSettings(level=2)), flat, Progress())
    assert [level.level for level in preview.levels] == [1, 2]
    assert preview.levels[-1].bands["LL"].shape == (8, 8, 3)
    assert preview.levels[-1].energy_share["LL"] == pytest.approx(1.0)
    assert preview.input_shape == (8, 8, 3)


def test_pictures_are_no_larger_than_they_are_shown() -> None:
    preview = preview_images(ImageSettings(size=1024), _samples(1, side=1500), Progress())
    assert preview.before.shape == preview.after.shape == (SHOWN_PIXELS, SHOWN_PIXELS, 3)
    assert (preview.before_size, preview.after_size) == ((1500, 1500), (1024, 1024))
    assert preview.levels[0].bands["HH"].shape == (SHOWN_PIXELS, SHOWN_PIXELS, 3)


@pytest.mark.parametrize(
    ("dwt", "sentence"), [(DwtSettings(wavelet="hear"), 'no wavelet "hear"'), (DwtSettings(level=4), "lower level")]
)
def test_settings_that_cannot_be_applied_are_refused(dwt: DwtSettings, sentence: str) -> None:
    with pytest.raises(RecipeError, match=sentence):
        preview_images(ImageSettings(size=32, dwt=dwt), _samples(), Progress())


def test_it_ends_when_it_is_no_longer_wanted() -> None:
    def stale() -> None:
        raise Cancelled("no longer wanted")

    with pytest.raises(Cancelled):
        preview_images(ImageSettings(), _samples(), Progress(stale))
