"""PSNR and SSIM of resized and re-saved images: known values, and what is compared with what."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import COMPARED_IMAGES, prepare, scan
from engine.datasets.files.phantom_heart import draw_heart
from engine.imaging.fidelity import jpeg_fidelity, psnr_db, resize_fidelity

HEARTS = [draw_heart(np.random.default_rng(seed), sick=False) for seed in range(5)]


def test_psnr_is_that_of_the_formula() -> None:
    black, grey = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 10, np.uint8)
    assert psnr_db(black, grey, 255) == pytest.approx(20 * math.log10(25.5))
    assert psnr_db(black, black, 255) == math.inf
    # A difference below zero must not wrap round.
    assert psnr_db(grey, black, 255) == psnr_db(black, grey, 255)


def test_the_jpeg_is_compared_with_the_image_that_was_saved() -> None:
    settings = ImageSettings(size=64, color="grayscale", jpeg_quality=30)
    found = jpeg_fidelity(HEARTS, settings)
    ratios = []
    for heart in HEARTS:
        resized = Image.fromarray(heart).resize((64, 64), Image.Resampling.LANCZOS)
        stream = io.BytesIO()
        resized.save(stream, "JPEG", quality=30, optimize=True)
        error = np.asarray(resized).astype(float) - np.asarray(Image.open(stream)).astype(float)
        ratios.append(10 * math.log10(255**2 / np.mean(error**2)))
    assert found is not None
    assert found.psnr_db is not None
    assert (found.images, found.identical) == (5, 0)
    assert found.psnr_db.mean == pytest.approx(np.mean(ratios))
    assert (found.psnr_db.least, found.psnr_db.greatest) == pytest.approx((min(ratios), max(ratios)))
    better = jpeg_fidelity(HEARTS, settings.model_copy(update={"jpeg_quality": 90}))
    assert better is not None
    assert better.ssim.least > found.ssim.greatest
    assert jpeg_fidelity(HEARTS, settings.model_copy(update={"jpeg_quality": 0})) is None


def test_images_of_the_right_size_lose_nothing() -> None:
    found = resize_fidelity(HEARTS, ImageSettings(size=128, color="grayscale"))
    assert found is not None
    assert (found.identical, found.psnr_db, found.ssim.least) == (5, None, 1.0)


def test_smaller_images_keep_less() -> None:
    means = []
    for side in (96, 48, 24):
        found = resize_fidelity(HEARTS, ImageSettings(size=side, color="grayscale"))
        assert found is not None
        assert found.psnr_db is not None
        means.append((found.psnr_db.mean, found.ssim.mean))
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("kind", ["colour", "deep", "photograph", "tiny"])
def test_every_kind_of_image_is_compared(kind: str) -> None:
    deep = np.asarray(HEARTS[0]).astype(np.uint16) * 257
    image = {
        "colour": np.stack(HEARTS[:3], axis=2),
        "deep": deep,
        "photograph": np.kron(HEARTS[0], np.ones((9, 20), np.uint8)),
        "tiny": HEARTS[0][:5, :5],
    }[kind]
    settings = ImageSettings(size=32, jpeg_quality=80)
    resized, saved = resize_fidelity([image], settings), jpeg_fidelity([image], settings)
    assert (resized is None) == (kind == "tiny")
    assert resized is None or 0 < resized.ssim.mean < 1
    assert saved is not None
    assert 0 < saved.ssim.mean <= 1


def test_a_preparation_tells_it_of_a_seeded_sample_and_the_cache_keeps_it(tmp_path: Path) -> None:
    dataset, images = DatasetSettings(limit_per_class=25), ImageSettings(size=32, color="grayscale", jpeg_quality=50)
    first, again = (prepare(scan(dataset, 7), dataset, images, 7, tmp_path).image_bytes for _ in range(2))
    elsewhere = prepare(scan(dataset, 7), dataset, images, 7, tmp_path / "other").image_bytes
    assert first == again == elsewhere
    assert first.jpeg_fidelity is not None
    assert first.resize_fidelity is not None
    assert first.jpeg_fidelity.images == first.resize_fidelity.images == COMPARED_IMAGES
