"""Slices of NIfTI volumes: the right ones, the right way up, and those of one patient together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.files.nifti_volume import read_header, read_slice
from engine.datasets.source import DATASETS, Sample, Split

SHAPE = (6, 8, 10)
"""Voxels to the patient's left, back and head."""
BODY = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(np.int16)
"""[left, back, head]"""


def stored_as(codes: str, body: np.ndarray = BODY) -> nibabel.Nifti1Image:
    """The body with its axes stored as the letters say: "RAS" is the first axis growing to the right, and so on."""
    lps = np.diag([-1.0, -1.0, 1.0, 1.0])
    image = nibabel.Nifti1Image(body, lps)
    wanted = nibabel.orientations.axcodes2ornt(tuple(codes))
    now = nibabel.orientations.io_orientation(lps)
    turned = image.as_reoriented(nibabel.orientations.ornt_transform(now, wanted))
    assert nibabel.aff2axcodes(turned.affine) == tuple(codes)
    return turned


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LAS", "PSR", "ASL", "SRP", "IPL"])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_slices_are_turned_as_the_header_says(tmp_path: Path, codes: str, suffix: str) -> None:
    """However a body is stored, its slices look the same: left is right, the back is below, the head is up."""
    path = tmp_path / f"a{suffix}"
    nibabel.save(stored_as(codes), path)
    expected = {
        "axial": [BODY[:, :, place].T for place in range(10)],
        "coronal": [BODY[:, place, ::-1].T for place in range(8)],
        "sagittal": [BODY[place, :, ::-1].T for place in range(6)],
    }
    for axis, slices in expected.items():
        assert read_header(path, axis).slices == len(slices)
        for place, of_body in enumerate(slices):
            assert np.array_equal(read_slice(path, axis, place), of_body), (axis, place)
    along = {"L": "sagittal", "R": "sagittal", "P": "coronal", "A": "coronal", "S": "axial", "I": "axial"}[codes[2]]
    assert read_header(path, "stored").slices == len(expected[along])
    for place, of_body in enumerate(expected[along]):
        assert np.array_equal(read_slice(path, "stored", place), of_body)


def test_an_oblique_volume_is_cut_along_its_own_axes(tmp_path: Path) -> None:
    """A short-axis heart lies aslant: its slices are those of the scanner, turned to the nearest view."""
    turn = nibabel.eulerangles.euler2mat(0.4, 0.3, 0.2)
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-1.5, -1.5, 8.0])
    nibabel.save(nibabel.Nifti1Image(BODY, affine), tmp_path / "a.nii")
    for place in range(10):
        assert np.array_equal(read_slice(tmp_path / "a.nii", "stored", place), BODY[:, :, place].T)


def test_slope_and_intercept_are_applied(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(BODY, np.diag([-1.0, -1.0, 1.0, 1.0]))
    image.header.set_slope_inter(0.5, -10)
    nibabel.save(image, tmp_path / "a.nii.gz")
    assert np.array_equal(read_slice(tmp_path / "a.nii.gz", "axial", 3), BODY[:, :, 3].T * 0.5 - 10)


def test_bytes_and_colours_keep_eight_bits(tmp_path: Path) -> None:
    affine = np.diag([-1.0, -1.0, 1.0, 1.0])
    colours = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    packed = colours.view([("R", "u1"), ("G", "u1"), ("B", "u1")])[..., 0]
    nibabel.save(nibabel.Nifti1Image(packed, affine), tmp_path / "rgb.nii.gz")
    assert not read_header(tmp_path / "rgb.nii.gz", "axial").has_own_scale
    assert np.array_equal(read_slice(tmp_path / "rgb.nii.gz", "axial", 2), colours[:, :, 2].swapaxes(0, 1))
    nibabel.save(nibabel.Nifti1Image(colours[..., 0], affine), tmp_path / "bytes.nii")
    assert read_slice(tmp_path / "bytes.nii", "axial", 2).dtype == np.uint8
    nibabel.save(nibabel.Nifti1Image(BODY.astype(np.complex64), affine), tmp_path / "complex.nii")
    with pytest.raises(OSError, match="complex numbers"):
        read_header(tmp_path / "complex.nii", "axial")


def save(path: Path, *key: int, shape: tuple[int, ...] = (16, 16, 4), shift: int = 0) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(key).integers(0, 900, shape).astype(np.int16) + np.int16(shift)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 1.0, 1.0])), path)
    return values


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As public sets of cardiac MRI come: one folder per patient with two volumes, a film, and masks."""
    root = tmp_path_factory.mktemp("nifti") / "acdc"
    for label, name in enumerate(("healthy", "sick")):
        for patient in range(6):
            number = f"patient{label * 6 + patient:03d}"
            folder = root / name / number
            for frame in (1, 9):
                save(folder / f"{number}_frame{frame:02d}.nii.gz", label, patient, frame, shift=300 * label)
                save(folder / f"{number}_frame{frame:02d}_gt.nii.gz", 7)
    (root / "sick" / "broken.nii.gz").write_bytes(b"no volume")
    return root


def settings(folder: Path, **more: Any) -> DatasetSettings:
    return DatasetSettings(kind="nifti_folder", path=str(folder), **more)


def test_a_folder_of_volumes_is_a_dataset(hearts: Path, tmp_path: Path) -> None:
    index = scan(settings(hearts), 7)
    assert index.classes == ("healthy", "sick")
    assert len(index.samples) == 2 * 6 * 2 * 4
    reasons = {Path(one.path).name: one.reason for one in index.skipped}
    assert reasons.pop("broken.nii.gz") == "is no NIfTI file, or is damaged"
    assert len(reasons) == 24
    assert set(reasons.values()) == {"is a mask by its name, and no image"}
    sides: dict[str, set[Split | None]] = {}
    for sample in index.samples:
        sides.setdefault(Path(sample.path).parent.name, set()).add(sample.split)
    assert len(sides) == 12
    assert all(len(splits) == 1 for splits in sides.values())
    dataset = prepare(index, settings(hearts), ImageSettings(size=16, color="grayscale"), 7, tmp_path / "cache")
    low, high = dataset.reading.value_range or (0, 0)
    assert 0 <= low < 10
    assert 1190 < high < 1200
    for row, path in enumerate(dataset.paths):
        file, _, number = path.partition("#")
        stored = np.asarray(nibabel.load(file).dataobj)[:, :, int(number) - 1].T
        expected = np.rint(np.clip((stored - low) / (high - low), 0, 1) * 65535)
        assert np.array_equal(dataset.images[row][:, :, 0], expected)


def test_a_part_of_the_slices_and_of_the_times(tmp_path: Path) -> None:
    film = save(tmp_path / "a" / "sub-01_bold.nii.gz", 1, shape=(16, 16, 8, 3))
    for number in range(2, 7):
        save(tmp_path / "ab"[number // 4] / f"sub-{number:02d}_bold.nii", number, shape=(16, 16, 8, 3))

    def named(**more: Any) -> list[int]:
        found = scan(settings(tmp_path, **more), 7).samples
        return [int(one.path.rpartition("#")[2]) for one in found if "sub-01" in one.path]

    assert named() == list(range(1, 25))
    assert named(slices=(0.25, 0.75)) == [3, 4, 5, 6, 11, 12, 13, 14, 19, 20, 21, 22]
    assert named(slices=(0.5, 0.5), frames="middle") == [13]
    assert named(frames="first") == list(range(1, 9))
    (finding,) = scan(settings(tmp_path, frames="first"), 7).findings
    assert "6 files hold several images" in finding.message
    source = DATASETS["nifti_folder"](settings(tmp_path), 7, tmp_path / "cache")
    path = tmp_path / "a" / "sub-01_bold.nii.gz"
    assert np.array_equal(source.values(Sample(f"{path}#13", 0)), film[:, :, 4, 1].T)


def test_a_table_in_place_of_class_folders(tmp_path: Path) -> None:
    lines = ["path,label"]
    for number in range(8):
        save(tmp_path / "scans" / f"sub-{number:02d}" / "anat.nii.gz", number)
        lines.append(f"sub-{number:02d}/anat.nii.gz,{'ab'[number % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join(lines), encoding="utf-8")
    index = scan(settings(tmp_path / "scans", labels_csv=str(tmp_path / "labels.csv")), 7)
    assert index.classes == ("a", "b")
    assert len(index.samples) == 32
    for sample in index.samples:
        assert index.classes[sample.label] == "ab"[int(Path(sample.path).parent.name[-2:]) % 2]


def test_a_folder_is_told_by_its_files(hearts: Path, tmp_path: Path) -> None:
    assert DATASETS["nifti_folder"].recognises(hearts)
    assert not DATASETS["nifti_folder"].recognises(tmp_path)
    assert not DATASETS["nifti_folder"].takes_any_folder
    assert DATASETS["image_folder"].takes_any_folder


@pytest.mark.parametrize("slices", [(0.5, 0.2), (-0.1, 1), (0, 1.5)])
def test_a_part_that_is_none_is_refused(slices: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="two numbers from 0 to 1"):
        settings(Path("x"), slices=slices)


def test_a_folder_without_volumes_is_refused(heart_folder: Path) -> None:
    with pytest.raises(DataError, match="no images in"):
        scan(settings(heart_folder), 7)
