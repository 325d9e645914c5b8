"""Look-up tables in the forms that scanners write, and the compressions that hospital archives send."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from engine.datasets.files.dicom_image import read_dicom
from tests.engine.datasets.dicom_files import dicom, write_dicom

TWELVE = (np.arange(64) * 64).reshape(8, 8).astype(np.uint16)


def table_item(entries: np.ndarray, first: int, bits: int, kind: str) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(entries) % 65536, first % 65536, bits]
    item.add_new(0x00283006, "OW", entries.astype(kind).tobytes())
    return item


@pytest.mark.parametrize("sequence", ["VOILUTSequence", "ModalityLUTSequence"])
@pytest.mark.parametrize(
    ("entries", "first", "bits", "kind"),
    [
        (np.arange(4096) // 16, 0, 8, "<u2"),
        (np.arange(4096) // 16, 0, 8, "u1"),
        (np.arange(256), 1000, 8, "<u2"),
        (np.arange(255), 1000, 8, "u1"),
        (np.arange(4096), 0, 12, "<u2"),
        (np.arange(4096)[::-1] // 16, 0, 16, "u1"),
        (np.arange(65536) // 256, 0, 8, "<u2"),
    ],
)
def test_a_table_is_looked_up_as_it_is_written(
    tmp_path: Path, sequence: str, entries: np.ndarray, first: int, bits: int, kind: str
) -> None:
    item = table_item(entries, first, bits, kind)
    path = write_dicom(tmp_path / "a.dcm", TWELVE, bits=12, **{sequence: Sequence([item])})
    greatest = 255 if kind == "u1" else 2**bits - 1
    looked_up = entries[np.clip(TWELVE.astype(int) - first, 0, len(entries) - 1)]
    assert np.array_equal(read_dicom(path), np.rint(looked_up / greatest * 65535))


def test_a_table_after_a_rescale_may_begin_below_zero(tmp_path: Path) -> None:
    item = table_item(np.arange(4096), -1024, 12, "<u2")
    elements = {"RescaleSlope": 1, "RescaleIntercept": -1024, "VOILUTSequence": Sequence([item])}
    path = write_dicom(tmp_path / "a.dcm", TWELVE, bits=12, **elements)
    assert np.array_equal(read_dicom(path), np.rint(TWELVE / 4095 * 65535))


def test_a_table_that_is_too_short_is_a_reason(tmp_path: Path) -> None:
    item = table_item(np.arange(100), 0, 12, "<u2")
    item.LUTDescriptor = [4096, 0, 12]
    path = write_dicom(tmp_path / "a.dcm", TWELVE, bits=12, VOILUTSequence=Sequence([item]))
    with pytest.raises(OSError, match="in a way that is not understood"):
        read_dicom(path)


@pytest.mark.parametrize("kind", ["u1", "<u2"])
def test_a_palette_of_eight_bits_in_bytes_or_words(tmp_path: Path, kind: str) -> None:
    colours = {"Red": np.arange(256), "Green": 255 - np.arange(256), "Blue": np.full(256, 200)}
    palette: dict[str, object] = {}
    for name, entries in colours.items():
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        palette[f"{name}PaletteColorLookupTableData"] = entries.astype(kind).tobytes()
    index = (np.arange(64) * 4).reshape(8, 8).astype(np.uint8)
    image = read_dicom(write_dicom(tmp_path / "a.dcm", index, photometric="PALETTE COLOR", **palette))
    assert image.dtype == np.uint8
    assert np.array_equal(image, np.stack([colours[name][index] for name in colours], axis=-1))


@pytest.mark.parametrize("width", [0, -1])
def test_a_window_of_no_width_shows_the_whole_range(tmp_path: Path, width: float) -> None:
    path = write_dicom(tmp_path / "a.dcm", TWELVE, bits=12, WindowCenter=100, WindowWidth=width)
    assert np.array_equal(read_dicom(path), np.rint(TWELVE / 4095 * 65535))


def test_values_that_begin_at_a_higher_bit(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", TWELVE << 4, bits=12, HighBit=15)
    assert np.array_equal(read_dicom(path), np.rint(TWELVE / 4095 * 65535))


CODECS = [
    (JPEGLSLossless, lambda pixels: imagecodecs.jpegls_encode(pixels), 0),
    (JPEGLSNearLossless, lambda pixels: imagecodecs.jpegls_encode(pixels, level=2), 2),
    (JPEGLosslessSV1, lambda pixels: imagecodecs.ljpeg_encode(pixels, bitspersample=12), 0),
    (JPEGExtended12Bit, lambda pixels: imagecodecs.jpeg8_encode(pixels, level=95, bitspersample=12), 80),
]


def compressed(path: Path, syntax: UID, stream: bytes) -> Path:
    dataset = dicom(smooth(), bits=12, syntax=syntax)
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)
    return path


def smooth() -> np.ndarray:
    rows, columns = np.mgrid[:64, :64]
    return (2000 + 1500 * np.sin(rows / 9) * np.cos(columns / 7)).astype(np.uint16)


@pytest.mark.parametrize(("syntax", "encode", "apart"), CODECS, ids=[codec[0].keyword for codec in CODECS])
def test_what_archives_send_is_decoded(tmp_path: Path, syntax: UID, encode, apart: int) -> None:  # type: ignore[no-untyped-def]
    stream = bytes(encode(smooth()))
    image = read_dicom(compressed(tmp_path / "a.dcm", syntax, stream))
    assert np.abs(image / 65535 * 4095 - smooth()).max() <= apart + 0.5
    # Its first bytes alone; that the process outlives it is the point.
    with pytest.raises(OSError, match=r"is a damaged DICOM file|is cut off"):
        read_dicom(compressed(tmp_path / "cut.dcm", syntax, stream[:10]))
