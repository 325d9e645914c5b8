"""DICOM files give the pixels that a viewer shows first, by the standard's own formulas."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from engine.datasets.files.dicom_image import read_dicom, read_header
from tests.engine.datasets.dicom_files import SECRETS, dicom, write_dicom

GENERATOR = np.random.default_rng(9)
EIGHT = GENERATOR.integers(0, 256, (12, 10), dtype=np.uint8)
TWELVE = GENERATOR.integers(0, 4096, (12, 10), dtype=np.uint16)
COLOUR = GENERATOR.integers(0, 256, (12, 10, 3), dtype=np.uint8)
SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_eight_bits_come_back_as_they_are(tmp_path: Path, syntax: UID) -> None:
    read = read_dicom(write_dicom(tmp_path / "a", EIGHT, syntax=syntax))
    assert read.dtype == np.uint8
    assert np.array_equal(read, EIGHT)


def test_run_lengths_come_back(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", EIGHT, compress=RLELossless)
    assert np.array_equal(read_dicom(path), EIGHT)


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGBaseline8Bit], ids=lambda syntax: syntax.name)
def test_jpeg_inside_comes_back(tmp_path: Path, syntax: UID) -> None:
    """Encoded by Pillow, as pydicom writes neither by itself."""
    smooth = np.asarray(Image.fromarray(EIGHT).resize((40, 48), Image.Resampling.BICUBIC))
    stream = io.BytesIO()
    Image.fromarray(smooth).save(stream, "JPEG" if syntax == JPEGBaseline8Bit else "JPEG2000", no_jp2=True, quality=95)
    dataset = dicom(smooth, syntax=syntax)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    lossy = np.asarray(Image.open(stream).convert("L"))
    assert np.array_equal(read_dicom(tmp_path / "a.dcm"), lossy)
    assert syntax == JPEGBaseline8Bit or np.array_equal(lossy, smooth)


def test_twelve_bits_are_spread_over_sixteen(tmp_path: Path) -> None:
    read = read_dicom(write_dicom(tmp_path / "a.dcm", TWELVE, bits=12))
    assert read.dtype == np.uint16
    assert np.array_equal(read, np.rint(TWELVE / 4095 * 65535))


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    read = read_dicom(write_dicom(tmp_path / "a.dcm", EIGHT, photometric="MONOCHROME1"))
    assert np.array_equal(read, 255 - EIGHT)


@pytest.mark.parametrize(("slope", "photometric"), [(1.0, "MONOCHROME2"), (-1.0, "MONOCHROME2"), (2.0, "MONOCHROME1")])
def test_a_window_over_rescaled_values(tmp_path: Path, slope: float, photometric: str) -> None:
    """PS3.3 C.11.2.1.2: x ≤ c - 0.5 - (w-1)/2 is black, x > c - 0.5 + (w-1)/2 is white, a line between."""
    center, width, intercept = 300.0, 800.0, -1024.0
    path = write_dicom(
        tmp_path / "a.dcm",
        TWELVE,
        photometric=photometric,
        bits=12,
        RescaleSlope=slope,
        RescaleIntercept=intercept,
        WindowCenter=[center, 40],
        WindowWidth=[width, 80],
    )
    values = TWELVE * slope + intercept
    share = np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    share = 1 - share if photometric == "MONOCHROME1" else share
    assert np.abs(read_dicom(path).astype(np.int64) - share * 65535).max() <= 1


def test_signed_values_without_a_window(tmp_path: Path) -> None:
    signed = TWELVE.astype(np.int16) - 2048
    read = read_dicom(write_dicom(tmp_path / "a.dcm", signed, bits=12))
    assert np.array_equal(read, np.rint(TWELVE / 4095 * 65535))


def test_a_voi_table_goes_before_a_window(tmp_path: Path) -> None:
    table = Dataset()
    table.LUTDescriptor = [256, 0, 8]
    table.LUTData = [255 - value for value in range(256)]
    table["LUTData"].VR = "US"
    path = write_dicom(tmp_path / "a.dcm", EIGHT, VOILUTSequence=Sequence([table]), WindowCenter=9, WindowWidth=3)
    assert np.array_equal(read_dicom(path), 255 - EIGHT)


def test_colour(tmp_path: Path) -> None:
    read = read_dicom(write_dicom(tmp_path / "a.dcm", COLOUR, photometric="RGB"))
    assert np.array_equal(read, COLOUR)
    luma = read_dicom(write_dicom(tmp_path / "b.dcm", COLOUR, photometric="YBR_FULL")).astype(np.float64)
    y, cb, cr = (COLOUR[..., channel].astype(np.float64) for channel in range(3))
    red = np.clip(y + 1.402 * (cr - 128), 0, 255)
    blue = np.clip(y + 1.772 * (cb - 128), 0, 255)
    assert np.abs(luma[..., 0] - red).max() <= 1
    assert np.abs(luma[..., 2] - blue).max() <= 1


def test_frames_one_by_one_with_windows_of_their_own(tmp_path: Path) -> None:
    frames = GENERATOR.integers(0, 256, (3, 8, 8), dtype=np.uint8)
    groups = []
    for center in (50, 128, 200):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = center, 21
        group.FrameVOILUTSequence = Sequence([window])
        groups.append(group)
    path = write_dicom(tmp_path / "a.dcm", frames, frames=True, PerFrameFunctionalGroupsSequence=Sequence(groups))
    assert read_header(path).frames == 3
    for number, center in enumerate((50, 128, 200)):
        expected = np.clip((frames[number] - (center - 0.5)) / 20 + 0.5, 0, 1) * 255
        assert np.abs(read_dicom(path, number).astype(np.float64) - expected).max() <= 0.5


def _without_pixels(path: Path) -> None:
    dataset = dicom(EIGHT)
    del dataset.PixelData
    dataset.save_as(path, enforce_file_format=True)


def _without_image(path: Path) -> None:
    dataset = dicom(EIGHT)
    for name in ("PixelData", "Rows", "Columns"):
        delattr(dataset, name)
    dataset.save_as(path, enforce_file_format=True)


def _cut_off(path: Path) -> None:
    write_dicom(path, EIGHT)
    path.write_bytes(path.read_bytes()[:-40])


def _huge(path: Path) -> None:
    dataset = dicom(EIGHT)
    dataset.Rows = dataset.Columns = 60_000
    dataset.save_as(path, enforce_file_format=True)


def _unknown_compression(path: Path) -> None:
    dataset = dicom(EIGHT, syntax=HTJ2KLossless)
    dataset.PixelData = encapsulate([b"\xff\xd8\xff\xd9"])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b"no picture" * 50), "is no DICOM file"),
        (lambda path: path.touch(), "is empty"),
        (_without_pixels, "is a DICOM file without pixel data"),
        (_without_image, "is a DICOM file without an image"),
        (_cut_off, "is cut off"),
        (_huge, "has 3,600,000,000 pixels, which is more than can be trusted"),
        (
            _unknown_compression,
            "is compressed as High-Throughput JPEG 2000 Image Compression .Lossless Only., which cannot be decoded",
        ),
    ],
    ids=["text", "empty", "no pixels", "no image", "cut off", "huge", "HTJ2K"],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, make: object, reason: str) -> None:
    make(tmp_path / "a.dcm")  # type: ignore[operator]
    with pytest.raises(OSError, match=reason):
        read_dicom(tmp_path / "a.dcm")


def test_a_file_that_is_damaged_anywhere_is_a_reason_without_a_word_of_the_patient(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(write_dicom(tmp_path / "whole.dcm", EIGHT, WindowCenter=100, WindowWidth=50).read_bytes())
    generator = np.random.default_rng(3)
    told: set[str] = set()
    for _ in range(150):
        damaged = bytearray(content)
        for place in generator.integers(132, len(content) - EIGHT.size, 3):
            damaged[place] = generator.integers(256)
        (tmp_path / "damaged.dcm").write_bytes(damaged[: generator.integers(140, len(damaged))])
        try:
            read_dicom(tmp_path / "damaged.dcm")
        except OSError as error:
            told.add(str(error))
    out, err = capfd.readouterr()
    text = " ".join(told) + out + err
    assert len(told) >= 3
    assert not any(secret in text for secret in SECRETS.values())
    assert not err
