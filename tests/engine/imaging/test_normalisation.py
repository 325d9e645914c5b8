"""Colour, size and JPEG quality of one image, and the bytes that they save."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.contract.image_settings import ImageSettings
from engine.feeding.samples import image_size_preview
from engine.imaging.normalisation import coloured, normalise, png_bytes, resize

GRADIENT = np.add.outer(np.arange(60), np.arange(90)).astype(np.uint8)
PHOTO = np.stack([GRADIENT, GRADIENT[::-1], GRADIENT[:, ::-1]], axis=2)


@pytest.mark.parametrize("color", ["rgb", "grayscale"])
@pytest.mark.parametrize("image", [GRADIENT, PHOTO], ids=["gray", "colour"])
@pytest.mark.parametrize("resample", ["lanczos", "bilinear", "bicubic", "nearest"])
def test_size_and_channels_are_those_asked_for(image: np.ndarray, color: str, resample: str) -> None:
    pixels, size = normalise(image, ImageSettings(size=(20, 31), color=color, resample=resample))
    assert pixels.shape == (20, 31, 3 if color == "rgb" else 1)
    assert pixels.dtype == np.uint8
    assert size == png_bytes(pixels)


def test_eight_bits_are_resized_as_pillow_does_it() -> None:
    expected = np.asarray(Image.fromarray(PHOTO).resize((31, 20), Image.Resampling.LANCZOS))
    assert np.array_equal(resize(PHOTO, (20, 31), "lanczos"), expected)


def test_sixteen_bits_keep_their_depth() -> None:
    deep = GRADIENT[:, :, None].astype(np.uint16) * 257 + 3
    resized = resize(deep, (20, 31), "bilinear")
    assert resized.dtype == np.uint16
    assert np.any(resized % 257 != 3)
    shallow = resize(GRADIENT[:, :, None], (20, 31), "bilinear")
    np.testing.assert_allclose(resized / 257, shallow, atol=1)  # Pillow rounds twice at eight bits.


def test_overshoot_of_the_filter_is_clipped_at_sixteen_bits() -> None:
    step = np.zeros((40, 40, 1), dtype=np.uint16)
    step[:, 20:] = 65535
    resized = resize(step, (30, 30), "lanczos")
    # Without clipping, what goes below 0 beside the step would come out near 65535, and the reverse.
    assert resized[:, :14].max() < 9000
    assert resized[:, 16:].min() > 56000


def test_gray_is_pillow_s_luma() -> None:
    gray = coloured(PHOTO, "grayscale")[:, :, 0].astype(int)
    assert np.abs(gray - np.asarray(Image.fromarray(PHOTO).convert("L"))).max() <= 1


def test_with_a_quality_the_network_is_fed_what_the_file_holds() -> None:
    settings = ImageSettings(size=(20, 30), jpeg_quality=40)
    pixels, size = normalise(PHOTO, settings)
    stream = io.BytesIO()
    Image.fromarray(resize(PHOTO, (20, 30), "lanczos")).save(stream, "JPEG", quality=40, optimize=True)
    assert size == stream.tell()
    assert np.array_equal(pixels, np.asarray(Image.open(stream)))
    assert normalise(PHOTO, settings.model_copy(update={"jpeg_quality": 5}))[1] < size


def test_the_preview_counts_the_bytes_of_the_files() -> None:
    after, sizes = image_size_preview([PHOTO, GRADIENT], ImageSettings(size=16), bytes_before=[9000, 1000])
    assert [image.shape for image in after] == [(16, 16, 3), (16, 16, 3)]
    assert sizes.bytes_before == 10_000
    assert sizes.bytes_after == sum(png_bytes(image) for image in after)
    assert sizes.compression_ratio == pytest.approx(10_000 / sizes.bytes_after)
    assert sizes.space_gain == pytest.approx(1 - sizes.bytes_after / 10_000)
