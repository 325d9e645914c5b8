"""Tables, windows and bits of DICOM files in the forms that are met outside of the standard's examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from engine.datasets.files.dicom_image import HIGHEST_DOSE_GY, read_dicom
from tests.engine.datasets.dicom_files import dicom, write_dicom

RAMP = (np.arange(64) * 64).reshape(8, 8).astype(np.uint16)
INDEX = (np.arange(64) * 4).reshape(8, 8).astype(np.uint8)


def table(entries: np.ndarray, first: int, bits: int, count: int | None = None) -> Sequence:
    item = Dataset()
    item.add_new(0x00283002, "US" if first >= 0 else "SS", [len(entries) if count is None else count, first, bits])
    item.add_new(0x00283006, "OW", entries.tobytes())
    return Sequence([item])


@pytest.mark.parametrize(
    ("entries", "first", "kind"),
    [(4096, 0, "<u2"), (256, 1000, "<u2"), (4096, 0, "u1")],
    ids=["words", "first 1000", "bytes"],
)
def test_a_table_of_8_bits_for_12_bits_is_a_smooth_ramp(tmp_path: Path, entries: int, first: int, kind: str) -> None:
    numbers = np.arange(entries) * 256 // entries
    path = write_dicom(tmp_path / "a", RAMP, bits=12, VOILUTSequence=table(numbers.astype(kind), first, 8))
    expected = np.rint(numbers[np.clip(RAMP.astype(int) - first, 0, entries - 1)] / 255 * 65535)
    assert np.array_equal(read_dicom(path), expected)


@pytest.mark.parametrize("first", [-1024, 65536 - 1024], ids=["signed", "written unsigned"])
def test_a_table_after_a_rescale_begins_below_zero(tmp_path: Path, first: int) -> None:
    numbers = np.arange(4096, dtype="<u2")
    path = write_dicom(
        tmp_path / "a",
        RAMP,
        bits=12,
        RescaleSlope=1,
        RescaleIntercept=-1024,
        VOILUTSequence=table(numbers, first, 12),
    )
    assert np.array_equal(read_dicom(path), np.rint(RAMP / 4095 * 65535))


def test_no_entries_are_65536(tmp_path: Path) -> None:
    falling = np.arange(65535, -1, -1).astype("<u2")
    path = write_dicom(tmp_path / "a", RAMP * 16, VOILUTSequence=table(falling, 0, 16, count=0))
    assert np.array_equal(read_dicom(path), 65535 - RAMP * 16)


def test_entries_of_8_bits_that_are_declared_16_keep_their_brightness(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a", INDEX, VOILUTSequence=table(np.arange(256, dtype="<u2"), 0, 16))
    assert np.array_equal(read_dicom(path), INDEX)


@pytest.mark.parametrize(("kind", "bits"), [("u1", 8), ("<u2", 8), ("<u2", 16)])
def test_a_palette_of_8_bits_is_one_in_any_packing(tmp_path: Path, kind: str, bits: int) -> None:
    palette: dict[str, Any] = {}
    for colour, entries in (("Red", np.arange(256)), ("Green", 255 - np.arange(256)), ("Blue", np.full(256, 200))):
        palette[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        palette[f"{colour}PaletteColorLookupTableData"] = entries.astype(kind).tobytes()
    read = read_dicom(write_dicom(tmp_path / "a", INDEX, photometric="PALETTE COLOR", **palette))
    assert read.dtype == np.uint8
    assert np.array_equal(read, np.stack([INDEX, 255 - INDEX, np.full_like(INDEX, 200)], axis=-1))


@pytest.mark.parametrize("overlay", [0, 15])
def test_bits_at_the_top_of_their_words_are_taken_from_there(tmp_path: Path, overlay: int) -> None:
    path = write_dicom(tmp_path / "a", RAMP * 16 + overlay, bits=12, HighBit=15)
    assert np.array_equal(read_dicom(path), np.rint(RAMP / 4095 * 65535))


def test_a_window_without_width_is_none(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a", INDEX, WindowCenter=100, WindowWidth=0)
    assert np.array_equal(read_dicom(path), INDEX)


def test_a_window_of_less_than_one_is_exact(tmp_path: Path) -> None:
    """Values of PET after a small slope: centre 0.5, width 0.5, so that 0.25 is black and 0.75 white."""
    path = write_dicom(
        tmp_path / "a", INDEX, RescaleSlope=1 / 256, RescaleIntercept=0, WindowCenter=0.5, WindowWidth=0.5
    )
    expected = np.clip((INDEX / 256 - 0.25) / 0.5, 0, 1) * 255
    assert np.abs(read_dicom(path) - expected).max() <= 1


def test_a_file_without_preamble_is_read(tmp_path: Path) -> None:
    whole = write_dicom(tmp_path / "a", INDEX).read_bytes()
    (tmp_path / "meta").write_bytes(whole[132:])
    assert np.array_equal(read_dicom(tmp_path / "meta"), INDEX)
    bare = dicom(INDEX)
    del bare.file_meta
    bare.save_as(tmp_path / "bare", implicit_vr=True, little_endian=True)
    assert np.array_equal(read_dicom(tmp_path / "bare"), INDEX)


def test_doses_of_32_bits_keep_their_levels_and_one_scale(tmp_path: Path) -> None:
    doses = np.arange(64).reshape(8, 8).astype(np.uint32) * 1000
    read = read_dicom(write_dicom(tmp_path / "a", doses, DoseGridScaling=1e-3, DoseUnits="GY"))
    assert np.array_equal(read, np.rint(doses * 1e-3 / HIGHEST_DOSE_GY * 65535))
    assert len(np.unique(read)) == 64


def test_32_bits_whose_levels_would_be_lost_are_refused(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a", np.arange(64).reshape(8, 8).astype(np.uint32) * 8000)
    with pytest.raises(OSError, match="has 64 levels in more than 16 bits, of which 9 would be left"):
        read_dicom(path)
