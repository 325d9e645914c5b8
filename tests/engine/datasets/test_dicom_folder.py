"""DICOM files become a dataset, by folders or by a table; and nothing of a patient gets out of them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.splits import write_split_csv
from engine.datasets.source import DATASETS, Split
from tests.engine.datasets.dicom_files import SECRETS, write_dicom

SMALL = ImageSettings(size=16, color="grayscale")


def _pixels(*key: int) -> np.ndarray:
    return np.random.default_rng(key).integers(0, 4096, (16, 16), dtype=np.uint16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two class folders: eight patients with two files each in both, names as scanners give them, and a file that is
    not DICOM."""
    root = tmp_path / "scans"
    for label, name in enumerate(("normal", "sick")):
        for patient in range(8):
            for number in range(2):
                file = root / name / f"series{patient}" / (f"IM{number:04d}" if number else "1.2.840.113619.2.55")
                write_dicom(file, _pixels(label, patient, number), bits=12, patient=f"MRN-91837465{patient:02d}")
    (root / "sick" / "notes.txt").write_text("no image")
    cut_off = write_dicom(root / "sick" / "cut.dcm", _pixels(9), bits=12, syntax=ImplicitVRLittleEndian)
    cut_off.write_bytes(cut_off.read_bytes()[:-100])
    return root


def _settings(folder: Path, **more: object) -> DatasetSettings:
    return DatasetSettings(kind="dicom_folder", path=str(folder), **more)


def test_class_folders(folder: Path, tmp_path: Path) -> None:
    settings = _settings(folder)
    index = scan(settings, 7)
    assert index.classes == ("normal", "sick")
    dataset = prepare(index, settings, SMALL, 7, tmp_path / "cache")
    assert [(Path(one.path).name, one.reason) for one in dataset.summary.skipped] == [
        ("notes.txt", "is no DICOM file"),
        ("cut.dcm", "is cut off"),
    ]
    assert len(dataset.images) == 32
    for row, path in enumerate(dataset.paths):
        label, patient = int("sick" in path), int(Path(path).parent.name[-1])
        expected = np.rint(_pixels(label, patient, int(Path(path).name == "IM0001")) / 4095 * 65535)
        assert np.array_equal(dataset.images[row][:, :, 0], expected)


def test_a_patient_is_on_one_side_only(folder: Path) -> None:
    def sides(**settings: object) -> dict[str, set[Split | None]]:
        found: dict[str, set[Split | None]] = {}
        for sample in scan(_settings(folder, **settings), 7).samples:
            found.setdefault(Path(sample.path).parent.name, set()).add(sample.split)
        return {name: splits for name, splits in found.items() if name.startswith("series")}

    assert any(len(splits) > 1 for splits in sides().values())
    together = sides(group_by="patient")
    assert len(together) == 8
    assert all(len(splits) == 1 for splits in together.values())


def test_a_table_in_place_of_class_folders(tmp_path: Path) -> None:
    for number in range(24):
        write_dicom(tmp_path / "scans" / f"{number % 3}" / f"{number}.dcm", _pixels(number), bits=12)
    lines = ["path;label;split;group;Name"]
    for number in range(22):
        split = "test" if number < 4 else ""
        lines.append(f"{number % 3}\\{number}.dcm;{'ab'[number % 2]};{split};g{number // 2};Doe")
    (tmp_path / "labels.csv").write_text("\n".join([*lines, "gone.dcm;a;;;"]), encoding="utf-8")
    settings = _settings(tmp_path / "scans", labels_csv=str(tmp_path / "labels.csv"), group_by="csv")
    index = scan(settings, 7)
    assert index.classes == ("a", "b")
    assert len(index.samples) == 22
    for sample in index.samples:
        number = int(Path(sample.path).stem)
        assert index.classes[sample.label] == "ab"[number % 2]
        assert (sample.split is Split.TEST) == (number < 4)
    assert {(Path(one.path).name, one.reason) for one in index.skipped} == {
        ("22.dcm", "has no label in labels.csv"),
        ("23.dcm", "has no label in labels.csv"),
        ("gone.dcm", "is listed in labels.csv, but is not an image in the folder"),
    }
    (tmp_path / "other.csv").write_text("file,label\nelse.dcm,a", encoding="utf-8")
    with pytest.raises(DataError, match=r"other.csv has a label for none of the 24 files"):
        scan(_settings(tmp_path / "scans", labels_csv=str(tmp_path / "other.csv")), 7)


def test_frames_are_images_and_stay_together(tmp_path: Path) -> None:
    for label, name in enumerate(("a", "b")):
        for number in range(5):
            frames = np.stack([_pixels(label, number, frame) for frame in range(4)])
            write_dicom(tmp_path / "scans" / name / f"{number}#.dcm", frames, bits=12, frames=True)
    settings = _settings(tmp_path / "scans")
    index = scan(settings, 7)
    assert len(index.samples) == 40
    files: dict[str, set[Split | None]] = {}
    for sample in index.samples:
        files.setdefault(sample.path.rpartition("#")[0], set()).add(sample.split)
    assert len(files) == 10
    assert all(len(splits) == 1 for splits in files.values())
    dataset = prepare(index, settings, SMALL, 7, tmp_path / "cache")
    for row, path in enumerate(dataset.paths):
        file, _, frame = path.rpartition("#")
        label, number = int(Path(file).parent.name == "b"), int(Path(file).name[0])
        expected = np.rint(_pixels(label, number, int(frame) - 1) / 4095 * 65535)
        assert np.array_equal(dataset.images[row][:, :, 0], expected)


def test_it_is_known_by_its_content_and_takes_no_archive(folder: Path, tmp_path: Path, heart_folder: Path) -> None:
    assert DATASETS["dicom_folder"].recognises(folder)
    for file in folder.rglob("IM*"):
        file.write_bytes(file.read_bytes()[132:])
        assert DATASETS["dicom_folder"].recognises(file.parent)
    assert not DATASETS["dicom_folder"].recognises(heart_folder)
    (tmp_path / "scans.zip").touch()
    with pytest.raises(DataError, match=r"scans.zip is a file; choose the folder"):
        scan(_settings(tmp_path / "scans.zip"), 7)


def test_nothing_of_a_patient_is_in_any_file(folder: Path, tmp_path: Path) -> None:
    settings = _settings(folder, group_by="patient")
    dataset = prepare(scan(settings, 7), settings, SMALL, 7, tmp_path / "runs" / "images")
    write_split_csv(tmp_path / "runs" / "split.csv", dataset)
    (tmp_path / "runs" / "summary.json").write_text(dataset.summary.model_dump_json())
    with (tmp_path / "runs" / "split.csv").open() as stream:
        assert list(next(csv.reader(stream))) == ["path", "label", "split"]
    _assert_no_secret_below(tmp_path / "runs")


@pytest.mark.slow
def test_nothing_of_a_patient_is_in_a_whole_runs_files(folder: Path, tmp_path: Path, checkout: Path) -> None:
    """Run directory, event log, engine's log, cache and database, with all that was printed beside it."""
    import subprocess
    import sys

    (tmp_path / "study.toml").write_text(
        f'schema = 1\n[dataset]\nkind = "dicom_folder"\npath = "{folder}"\ngroup_by = "patient"\n'
        '[images]\nsize = 32\ncolor = "grayscale"\n[backbone]\nwidth = 0.05\n[training]\nepochs = 1\n'
    )
    command = [sys.executable, "main.py", "run", str(tmp_path / "study.toml"), "--runs", str(tmp_path / "runs")]
    command += ["--json", str(tmp_path / "runs" / "result.json")]
    (tmp_path / "runs").mkdir()
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (tmp_path / "runs" / "printed.txt").write_text(done.stdout + done.stderr)
    _assert_no_secret_below(tmp_path / "runs")


def _assert_no_secret_below(folder: Path) -> None:
    contents = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sum(map(len, contents.values())) > 10_000
    for path, content in contents.items():
        for secret in (*SECRETS.values(), "QUETZALCOATL", "91837465"):
            for encoding in ("ascii", "utf-16-le"):
                assert secret.encode(encoding) not in content, f"{secret} is in {path}"
