"""What a transform keeps: energy, thresholded and fed reconstructions, and JPEG 2000's bytes."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import pywt
from PIL import Image, features

from engine.contract.image_settings import DwtSettings
from engine.contract.measurements import TransformFigures
from engine.datasets.files.phantom_heart import draw_heart
from engine.imaging.transform_figures import images_looked_at, jpeg2000_bytes, transform_figures
from engine.imaging.wavelet import SUBBANDS, decompose_levels, fed_subbands, recompose

HEARTS = np.stack([draw_heart(np.random.default_rng(seed), sick=True) for seed in range(4)])[..., None]
UNIT = HEARTS.astype(np.float32) / 255


@pytest.mark.parametrize("wavelet", ["haar", "db3", "sym4", "bior2.2", "coif1"])
@pytest.mark.parametrize(("level", "size"), [(1, (128, 128)), (3, (128, 128)), (2, (37, 50))])
def test_the_image_comes_back_from_all_levels(wavelet: str, level: int, size: tuple[int, int]) -> None:
    height, width = size
    batch = np.repeat(UNIT[:, :height, :width], 3, axis=3)
    levels = decompose_levels(batch, DwtSettings(wavelet=wavelet, level=level))
    np.testing.assert_allclose(recompose(levels, wavelet, size), batch, atol=2e-4)


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_details_are_thresholded_and_the_approximation_is_not(mode: str) -> None:
    settings = DwtSettings(wavelet="db2", subbands=SUBBANDS, threshold=0.02, threshold_mode=mode)
    fed = fed_subbands(UNIT, settings)
    plain = fed_subbands(UNIT, DwtSettings(wavelet="db2", subbands=SUBBANDS))
    assert np.array_equal(fed[..., 0], plain[..., 0])
    details, before = fed[..., 1:], plain[..., 1:]
    kept = np.abs(before) >= 0.02
    assert not details[np.abs(before) < 0.0199].any()
    expected = before[kept] if mode == "hard" else before[kept] - 0.02 * np.sign(before[kept])
    np.testing.assert_allclose(details[kept], expected, atol=1e-6)


def test_an_orthogonal_transform_loses_what_is_set_to_zero() -> None:
    """Parseval: the squared error of the image is that of the coefficients, which halving a level weighs by 4."""
    settings = DwtSettings(wavelet="db4", threshold=0.03, threshold_mode="hard")
    figures = transform_figures(HEARTS, settings)
    kept, cut = (decompose_levels(UNIT, each)[0] for each in (DwtSettings(wavelet="db4"), settings))
    lost = sum(np.square(2 * (kept[name] - cut[name])).sum(axis=(1, 2, 3)) for name in SUBBANDS)
    errors = np.sqrt(lost / np.square(UNIT).sum(axis=(1, 2, 3)))
    assert figures.thresholded.relative_l2.mean == pytest.approx(errors.mean(), rel=1e-3)
    assert figures.thresholded.psnr_db is not None
    ratios = [10 * math.log10(128 * 128 / one) for one in lost]
    assert figures.thresholded.psnr_db.greatest == pytest.approx(max(ratios), abs=0.01)
    zeroed = np.mean([cut[name] == 0 for name in SUBBANDS[1:]])
    assert figures.zeroed_fraction == pytest.approx(zeroed, abs=0.01)


def test_without_a_threshold_and_with_all_subbands_fed_nothing_is_lost() -> None:
    figures = transform_figures(HEARTS, DwtSettings(wavelet="sym4", subbands=SUBBANDS))
    assert figures.zeroed_fraction == 0
    assert figures.thresholded.psnr_db is figures.fed.psnr_db is None
    assert figures.fed.relative_l2.greatest < 1e-5
    assert figures.jpeg2000_bytes == figures.jpeg2000_bytes_as_fed


def test_a_harder_threshold_and_fewer_subbands_lose_more() -> None:
    def error(**settings: object) -> TransformFigures:
        return transform_figures(HEARTS, DwtSettings.model_validate({"level": 2, **settings}))

    soft, hard = (error(threshold=0.02, threshold_mode=mode) for mode in ("soft", "hard"))
    assert soft.thresholded.relative_l2.mean > hard.thresholded.relative_l2.mean
    everything, approximation = error(subbands=SUBBANDS), error()
    assert everything.fed.relative_l2.mean < approximation.fed.relative_l2.mean
    assert len(everything.energy_share) == 2
    assert all(sum(level.values()) == pytest.approx(1) for level in everything.energy_share)


def test_energy_is_that_of_pywavelets() -> None:
    low, (lh, hl, hh) = pywt.dwt2(UNIT[0, :, :, 0], "db2", mode="periodization")
    energy = [float(np.square(band).sum()) for band in (low, lh, hl, hh)]
    (share,) = transform_figures(HEARTS[:1], DwtSettings(wavelet="db2")).energy_share
    np.testing.assert_allclose([share[name] for name in SUBBANDS], np.array(energy) / sum(energy), atol=1e-4)


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")
@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_2000_bytes_are_those_of_a_file_with_that_loss(channels: int) -> None:
    image = np.repeat(HEARTS[0], channels, axis=2)
    picture = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    stream = io.BytesIO()
    picture.save(stream, "JPEG2000")
    assert jpeg2000_bytes(image) == stream.tell()
    assert np.array_equal(np.asarray(Image.open(stream)), np.asarray(picture))
    assert jpeg2000_bytes(image, 30.0) < 0.5 * stream.tell()
    assert jpeg2000_bytes(image.astype(np.uint16) * 257) == stream.tell()


@pytest.mark.parametrize(("side", "count"), [(32, 16), (224, 16), (512, 8), (1024, 2)])
def test_of_large_images_fewer_are_looked_at(side: int, count: int) -> None:
    assert images_looked_at(side, side) == count
