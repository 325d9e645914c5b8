"""pydicom's own test files: each is read as pydicom's pipeline reads it, or refused by a true reason."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import data_manager
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, pixel_array

from engine.datasets.files.dicom_image import GRAYSCALE, read_dicom

FILES = Path(data_manager.__file__).parent / "test_files"
REASONS = ("is no DICOM file", "without an image", "damaged", "is cut off", "not in gray", "is empty")
COMPRESSED_AT_LEAST = 20
DAMAGED = (
    "MR_small_jpeg_ls_lossless.dcm",
    "JPEGLSNearLossless_16.dcm",
    "JPEGLSNearLossless_08.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_small_odd_jpeg.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
)


def pipeline(path: Path) -> tuple[np.ndarray, bool]:
    """The first frame as pydicom shows it, and whether it was compressed."""
    dataset = pydicom.dcmread(path, force=True)
    pixels = pixel_array(dataset, index=0)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
    elif dataset.PhotometricInterpretation in GRAYSCALE:
        pixels = apply_voi_lut(apply_modality_lut(pixels, dataset), dataset)
    sign = -1.0 if dataset.PhotometricInterpretation == "MONOCHROME1" else 1.0
    return sign * pixels.astype(np.float64), dataset.file_meta.TransferSyntaxUID.is_compressed


@pytest.mark.filterwarnings("ignore")
def test_every_file_is_read_as_pydicom_reads_it_or_refused_by_a_true_reason() -> None:
    compressed = 0
    for path in sorted(file for file in FILES.rglob("*") if file.is_file()):
        try:
            ours = read_dicom(path).astype(np.float64).ravel()
        except OSError as error:
            reason = str(error)
        else:
            reason = ""
        if reason:
            print(f"{path.name:45} refused: {reason}")
            assert any(true in reason for true in REASONS), path
            continue
        theirs, packed = pipeline(path)
        theirs = theirs.ravel()
        compressed += packed
        order = np.argsort(theirs, kind="stable")
        assert (np.diff(ours[order])[np.diff(theirs[order]) > 0] >= 0).all(), path
        if theirs.std() == 0:
            assert ours.std() == 0, path
            continue
        correlation = np.corrcoef(ours, theirs)[0, 1]
        print(f"{path.name:45} read, correlation {correlation:.6f}{', compressed' if packed else ''}")
        assert correlation >= 0.999, path
    print(f"{compressed} compressed files read")
    assert compressed >= COMPRESSED_AT_LEAST


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_frame_does_not_end_the_process(tmp_path: Path, name: str) -> None:
    """GDCM aborts the process on frames like these."""
    whole = next(FILES.rglob(name)).read_bytes()
    start = whole.rfind(b"\xe0\x7f\x10\x00") + 8
    chance = random.Random(1)
    for number in range(40):
        damaged = bytearray(whole if number % 2 else whole[: chance.randrange(start, len(whole))])
        for _ in range(4 if number % 2 else 0):
            damaged[chance.randrange(start, len(whole))] = chance.randrange(256)
        (tmp_path / f"{number}").write_bytes(damaged)
    program = (
        "import sys\nfrom pathlib import Path\nfrom engine.datasets.files.dicom_image import read_dicom\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try:\n        read_dicom(path)\n    except OSError:\n        pass\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    ended = subprocess.run([sys.executable, "-c", program, tmp_path], env=environment, timeout=60, check=False)
    assert ended.returncode == 0
