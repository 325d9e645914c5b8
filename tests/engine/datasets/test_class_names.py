"""One name is one class, in folders, tables, archives and recipes; and system folders are not classes."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.findings import Severity
from engine.datasets.cache.preparation import scan
from engine.datasets.listing.indexing import alike_findings, in_natural_order
from engine.datasets.source import SampleIndex, Split

ONE, TWO = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def fill(folder: Path, count: int = 8) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number}.png").write_bytes(png(number))


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def index_of(path: Path, **settings: object) -> SampleIndex:
    chosen = DatasetSettings.model_validate({"kind": "image_folder", "path": str(path), **settings})
    return scan(chosen, 7, cache=path.parent / "cache")


def test_names_that_differ_only_in_how_they_are_written_are_told(tmp_path: Path) -> None:
    names = ("1", "1.0", "2", "X", "x", "bird of prey", "Bird_of  prey", "emu")
    for name in names[:5]:
        fill(tmp_path / "a" / name)
    rows = [f"{name}/{number}.png,{names[place]}" for place, name in enumerate(names[:5]) for number in range(8)]
    for where, settings in (("dataset.classes", {}), ("dataset.labels_csv", {"labels_csv": str(tmp_path / "l.csv")})):
        (tmp_path / "l.csv").write_text("\n".join(["path,label", *rows]), encoding="utf-8")
        (finding,) = index_of(tmp_path / "a", **settings).findings
        assert (finding.severity, finding.where) == (Severity.WARNING, where)
        assert 'written: "1" and "1.0"; "X" and "x".' in finding.message
    assert 'written: "bird of prey" and "Bird_of  prey".' in next(alike_findings(names[5:], "")).message
    assert list(alike_findings(("1", "10", "1e", "-1"), "")) == []


def test_a_file_whose_label_is_empty_is_listed_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / "images" / name)
    rows = [f"{name}/{number}.png,{name if number else ''}" for name in ("a", "b") for number in range(8)]
    (tmp_path / "l.csv").write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    skipped = index_of(tmp_path / "images", labels_csv=str(tmp_path / "l.csv")).skipped
    assert [one.reason for one in skipped] == ["has no label in l.csv"] * 2


def test_an_accent_in_one_or_two_characters_is_the_same_class(tmp_path: Path) -> None:
    for folder in (f"train/{ONE}", "train/tea", f"test/{TWO}", "test/tea"):
        fill(tmp_path / "split" / folder)
    split = index_of(tmp_path / "split")
    assert (split.classes, len(split.samples)) == ((ONE, "tea"), 32)
    for folder in (ONE, TWO, "tea"):
        fill(tmp_path / "both" / folder)
    both = index_of(tmp_path / "both")
    assert (both.classes, len(both.samples)) == ((ONE, "tea"), 24)


@pytest.mark.parametrize("asked", [ONE, TWO])
@pytest.mark.parametrize("folder", [ONE, TWO])
def test_a_recipe_may_write_the_class_either_way(tmp_path: Path, asked: str, folder: str) -> None:
    fill(tmp_path / "data" / folder)
    fill(tmp_path / "data" / "tea")
    assert index_of(tmp_path / "data", classes=(asked, "tea")).classes == (ONE, "tea")
    drawn = index_of(tmp_path / "data", class_folders={asked: [asked], "tea": ["tea"]})
    assert (drawn.classes, len(drawn.samples)) == ((ONE, "tea"), 16)
    with pytest.raises(ValueError, match="names one class twice"):
        DatasetSettings(kind="image_folder", classes=(ONE, TWO))


def test_a_zip_of_macos_keeps_its_letters(tmp_path: Path) -> None:
    name = TWO.encode()
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for folder in ("tea", "Q" * len(name)):
            for number in range(6):
                archive.writestr(f"data/{folder}/{number}.png", png(number))
    path = tmp_path / "d.zip"
    path.write_bytes(path.read_bytes().replace(b"data/" + b"Q" * len(name), b"data/" + name))
    assert index_of(path).classes == (ONE, "tea")


def test_a_zip_of_old_windows_keeps_its_letters_too(tmp_path: Path) -> None:
    name = "ünder".encode("cp437")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for folder in ("tea", "Q" * len(name)):
            for number in range(6):
                archive.writestr(f"data/{folder}/{number}.png", png(number))
    path = tmp_path / "d.zip"
    path.write_bytes(path.read_bytes().replace(b"Q" * len(name), name))
    assert index_of(path).classes == ("tea", "ünder")


def test_numbers_are_in_the_order_of_their_values(tmp_path: Path) -> None:
    for name in ("10", "2", "1"):
        fill(tmp_path / "data" / name)
    assert index_of(tmp_path / "data").classes == ("1", "2", "10")
    assert in_natural_order(["b10a", "b9a", "B1", "a", "09", "9", "²"]) == ["09", "9", "B1", "a", "b9a", "b10a", "²"]


@pytest.mark.parametrize(
    "junk", ["@eaDir", ".ipynb_checkpoints", "__pycache__", "__MACOSX", "$RECYCLE.BIN", "lost+found"]
)
def test_folders_of_servers_and_notebooks_are_no_classes(tmp_path: Path, junk: str) -> None:
    for name in ("a", "b", junk, f"a/{junk}"):
        fill(tmp_path / "data" / name)
    index = index_of(tmp_path / "data")
    assert (index.classes, len(index.samples)) == (("a", "b"), 16)


@pytest.mark.parametrize(
    ("folders", "told"),
    [
        (("train/cat", "train/dog", "test"), "8 images are not used.*: test \\(8\\)"),
        (("car", "plane", "train/steam", "train/diesel"), "16 images are not used.*: car \\(8\\), plane \\(8\\)"),
        (("train/cat", "train/dog", "extra/cat", "extra/dog"), "16 images are not used.*: extra \\(16\\)"),
    ],
)
def test_images_beside_the_train_folder_are_told(tmp_path: Path, folders: tuple[str, ...], told: str) -> None:
    for folder in folders:
        fill(tmp_path / "data" / folder)
    index = index_of(tmp_path / "data")
    assert len(index.samples) == 16
    (finding,) = index.findings
    assert re.search(told, finding.message)
    assert sum("lies beside the train folder" in one.reason for one in index.skipped) == told.count("(")


@pytest.mark.parametrize("packed", [False, True])
def test_a_table_says_the_classes_and_splits_of_images_too(tmp_path: Path, packed: bool) -> None:
    fill(tmp_path / "all" / "images", 24)
    lines = [
        f"images/{number}.png,{'tea' if number % 2 else TWO},{'test' if number < 6 else ''}" for number in range(22)
    ]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,split", *lines]), encoding="utf-8")
    path = tmp_path / "all"
    if packed:
        path = tmp_path / "all.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for file in (tmp_path / "all").rglob("*.png"):
                archive.write(file, file.relative_to(tmp_path / "all"))
            archive.writestr("readme.txt", "so that the folder is not the only entry")
    index = index_of(path, labels_csv=str(tmp_path / "labels.csv"))
    assert (index.classes, len(index.samples)) == ((ONE, "tea"), 22)
    for sample in index.samples:
        number = int(Path(sample.path).stem)
        assert index.classes[sample.label] == ("tea" if number % 2 else ONE)
        assert (sample.split is Split.TEST) == (number < 6)
    reasons = [one.reason for one in index.skipped]
    assert reasons.count("has no label in labels.csv") == 2


def test_a_table_says_the_splits_of_images_in_class_folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / "images" / name)
    lines = [f"{name}/{number}.png;{'val' if number < 3 else 'train'}" for name in "ab" for number in range(8)]
    (tmp_path / "splits.csv").write_text("\n".join(["path;split", *lines]), encoding="utf-8")
    index = index_of(tmp_path / "images", labels_csv=str(tmp_path / "splits.csv"))
    for sample in index.samples:
        assert (sample.split is Split.VALIDATION) == (int(Path(sample.path).stem) < 3)
