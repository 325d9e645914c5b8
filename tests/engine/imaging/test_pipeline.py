"""From cached images to the network's input: shapes, scales, wavelets and statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pywt

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import RecipeError
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.source import Split
from engine.feeding.pipeline import ImagePipeline, fit_pipeline, network_input_shape
from engine.feeding.samples import subband_preview, write_samples
from engine.imaging.wavelet import MODE, decompose

RANDOM = np.random.default_rng(5).integers(0, 256, (6, 45, 38, 3), dtype=np.uint8)


@pytest.mark.parametrize("wavelet", ["haar", "db2", "sym4", "bior2.2", "dmey"])
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("size", [(45, 38), (32, 64)])
def test_the_announced_shape_is_the_real_one(wavelet: str, level: int, size: tuple[int, int]) -> None:
    dwt = DwtSettings(wavelet=wavelet, level=level, subbands=("LL", "HH"))
    images = ImageSettings(size=size, dwt=dwt)
    fed = ImagePipeline(images).feed(np.resize(RANDOM, (2, *size, 3)))
    assert fed.shape[1:] == network_input_shape(images)
    assert fed.dtype == np.float32


@pytest.mark.parametrize("wavelet", ["haar", "db3"])
def test_batched_subbands_equal_those_of_each_image_alone(wavelet: str) -> None:
    batch = RANDOM[:, :44].astype(np.float32) / 255
    bands = decompose(batch, DwtSettings(wavelet=wavelet, level=2))
    for number, image in enumerate(batch):
        for channel in range(3):
            plane = image[:, :, channel]
            for _ in range(2):
                low, (lh, hl, hh) = pywt.dwt2(plane, wavelet, mode=MODE)
                plane = low / 2
            for name, expected in zip(("LL", "LH", "HL", "HH"), (low, lh, hl, hh), strict=True):
                np.testing.assert_allclose(bands[name][number, :, :, channel], expected / 2, atol=1e-5)


def test_the_approximation_of_an_image_stays_in_its_range() -> None:
    fed = ImagePipeline(ImageSettings(size=(44, 38), dwt=DwtSettings(level=2))).feed(RANDOM[:, :44])
    assert fed.min() >= 0
    assert fed.max() <= 1


def test_subbands_are_stacked_in_the_order_asked_for() -> None:
    batch = RANDOM[:, :44]
    one, two = (
        ImagePipeline(ImageSettings(size=(44, 38), dwt=DwtSettings(subbands=order))).feed(batch)
        for order in (("LL", "HH"), ("HH", "LL"))
    )
    assert np.array_equal(one[..., :3], two[..., 3:])


def test_scales() -> None:
    from tf_keras.applications.vgg16 import preprocess_input

    unit = ImagePipeline(ImageSettings(size=(45, 38))).feed(RANDOM)
    np.testing.assert_allclose(unit, RANDOM / 255, atol=1e-6)
    symmetric = ImagePipeline(ImageSettings(size=(45, 38), scale="symmetric")).feed(RANDOM)
    np.testing.assert_allclose(symmetric, RANDOM / 127.5 - 1, atol=1e-6)
    bgr = ImagePipeline(ImageSettings(size=(45, 38), scale="imagenet_bgr")).feed(RANDOM)
    theirs = preprocess_input(RANDOM.astype(np.float32), data_format="channels_last")
    np.testing.assert_allclose(bgr, theirs, atol=1e-4)
    rgb = ImagePipeline(ImageSettings(size=(45, 38), scale="imagenet_rgb")).feed(RANDOM)
    expected = (RANDOM / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(rgb, expected, atol=1e-6)
    of_bytes = ImagePipeline(ImageSettings(size=(45, 38), scale="bytes")).feed(RANDOM)
    np.testing.assert_allclose(of_bytes, RANDOM, atol=1e-4)
    peak = ImagePipeline(ImageSettings(size=(45, 38), scale="per_image_max")).feed(RANDOM // 2)
    assert peak.max(axis=(1, 2, 3)) == pytest.approx(np.ones(6))
    deep = ImagePipeline(ImageSettings(size=(45, 38)), largest_value=65535).feed(RANDOM.astype(np.uint16) * 257)
    np.testing.assert_allclose(deep, unit, atol=1e-6)


def test_standardised_training_images_have_mean_0_and_deviation_1(tmp_path: Path) -> None:
    settings = DatasetSettings(limit_per_class=20)
    images = ImageSettings(size=32, color="grayscale", scale="standardize", dwt=DwtSettings(subbands=("LL", "LH")))
    dataset = prepare(scan(settings, 7), settings, images, 7, tmp_path)
    pipeline = fit_pipeline(images, dataset)
    fed = pipeline.feed(dataset.images[dataset.splits[Split.TRAIN]])
    np.testing.assert_allclose(fed.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(fed.std(axis=(0, 1, 2)), 1, atol=1e-4)


def test_a_scale_of_colours_is_refused_for_grey_images() -> None:
    for scale in ("imagenet_bgr", "imagenet_rgb"):
        with pytest.raises(RecipeError, match="is a scale for colours"):
            network_input_shape(ImageSettings.model_validate({"color": "grayscale", "scale": scale}))
    assert network_input_shape(ImageSettings(color="grayscale", scale="bytes")) == (96, 96, 1)


def test_an_unknown_wavelet_and_a_level_too_deep_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"images.dwt.wavelet: There is no wavelet"):
        network_input_shape(ImageSettings(dwt=DwtSettings(wavelet="harr")))
    with pytest.raises(RecipeError, match="leaves 2×2 of 32×32"):
        network_input_shape(ImageSettings(size=32, dwt=DwtSettings(level=4)))


def test_the_preview_shows_each_level_with_energy_shares_that_sum_to_one() -> None:
    levels = subband_preview(RANDOM[0], DwtSettings(level=3))
    assert [level.bands["LL"].shape[0] for level in levels] == [23, 12, 6]
    for level in levels:
        assert sum(level.energy_share.values()) == pytest.approx(1)


def test_samples_hold_what_the_event_promises(tmp_path: Path) -> None:
    settings = DatasetSettings(limit_per_class=20)
    images = ImageSettings(size=32, color="grayscale", dwt=DwtSettings(subbands=("LL", "HL")))
    write_samples(tmp_path / "samples.npz", prepare(scan(settings, 7), settings, images, 7, tmp_path), images)
    with np.load(tmp_path / "samples.npz") as stored:
        assert stored["images"].shape == (6, 32, 32, 1)
        assert stored["subbands"].shape == (6, 4, 16, 16, 1)
        assert list(stored["fed"]) == ["LL", "HL"]
        assert list(stored["labels"]) == [0, 0, 0, 1, 1, 1]
