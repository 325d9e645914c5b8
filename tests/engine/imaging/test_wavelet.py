"""Subbands of a batch: the same as PyWavelets' for every wavelet, and the image comes back from them."""

from __future__ import annotations

import numpy as np
import pytest
import pywt

from engine.contract.errors import RecipeError
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.feeding.pipeline import ImagePipeline, network_input_shape
from engine.imaging.wavelet import MODE, SUBBANDS, check_wavelet, decompose, discrete_wavelets, fed_subbands

BATCH = np.random.default_rng(11).random((4, 24, 32, 3), dtype=np.float32)


def test_every_discrete_wavelet_gives_the_announced_shape() -> None:
    images = np.random.default_rng(3).integers(0, 256, (1, 19, 26, 1), dtype=np.uint8)
    for name in discrete_wavelets():
        settings = ImageSettings(size=(19, 26), color="grayscale", dwt=DwtSettings(wavelet=name, level=2))
        assert ImagePipeline(settings).feed(images).shape[1:] == network_input_shape(settings) == (5, 7, 1), name


@pytest.mark.parametrize("wavelet", ["haar", "db1", "db4", "sym5", "coif1", "bior2.2", "rbio3.1"])
def test_the_image_comes_back_from_its_subbands(wavelet: str) -> None:
    bands = {name: 2 * band for name, band in decompose(BATCH, DwtSettings(wavelet=wavelet)).items()}
    back = pywt.idwt2((bands["LL"], (bands["LH"], bands["HL"], bands["HH"])), wavelet, mode=MODE, axes=(1, 2))
    np.testing.assert_allclose(back, BATCH, atol=2e-4)


@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize("subbands", [("LL",), ("HH", "LL"), ("LH", "HL"), SUBBANDS])
def test_haar_by_sums_equals_pywavelets(level: int, subbands: tuple[str, ...]) -> None:
    settings = DwtSettings(level=level, subbands=subbands)
    by_sums = fed_subbands(BATCH, settings)
    by_filter = fed_subbands(BATCH, settings.model_copy(update={"wavelet": "db1"}))
    np.testing.assert_allclose(by_sums, by_filter, atol=1e-6)


def test_details_point_where_they_should() -> None:
    rows = np.zeros((1, 8, 8, 1), dtype=np.float32)
    rows[:, ::2] = 1  # Horizontal stripes.
    bands = decompose(rows, DwtSettings())
    assert [float(np.abs(bands[name]).max()) for name in SUBBANDS] == [0.5, 0.5, 0, 0]
    bands = decompose(rows.transpose(0, 2, 1, 3), DwtSettings())
    assert [float(np.abs(bands[name]).max()) for name in SUBBANDS] == [0.5, 0, 0.5, 0]


@pytest.mark.parametrize(
    ("wrong", "near"), [("harr", "haar"), ("db99", "db9"), ("sim4", "sym4"), ("bior22", "bior2.2")]
)
def test_an_unknown_wavelet_is_answered_with_a_known_one(wrong: str, near: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        check_wavelet(wrong)
    assert f'Did you mean "{near}"?' in str(refusal.value)
    assert len(str(refusal.value)) < 600
