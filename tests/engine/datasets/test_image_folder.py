"""Folders of images as labs have them: layouts, formats, and files that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.errors import DataError
from engine.contract.recipe import DatasetSettings, ImageSettings
from engine.datasets.image_file import read_image
from engine.datasets.preparation import prepare, scan
from engine.datasets.source import Split

RED_LEFT = np.zeros((20, 30, 3), dtype=np.uint8)
RED_LEFT[:, :10, 0] = 250


def fill(folder: Path, count: int = 6, side: int = 16, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        Image.fromarray(generator.integers(0, 255, (side, side), dtype=np.uint8)).save(folder / f"{number:02d}.png")


def settings(path: Path, **more: object) -> DatasetSettings:
    return DatasetSettings(kind="image_folder", path=str(path), **more)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp"])
def test_the_four_formats_give_the_same_image(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(RED_LEFT).save(path, quality=95)
    image = read_image(path)
    assert image.shape == RED_LEFT.shape
    assert np.abs(image.astype(int) - RED_LEFT).mean() < 4


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_stay(tmp_path: Path, suffix: str) -> None:
    values = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(values).save(path)
    image = read_image(path)
    assert image.dtype == np.uint16
    assert np.array_equal(image, values)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    Image.fromarray(RED_LEFT).save(tmp_path / "a.jpg", exif=exif, quality=95)
    image = read_image(tmp_path / "a.jpg")
    assert image.shape == (30, 20, 3)
    assert image[:8, :, 0].mean() > 200
    assert image[14:, :, 0].mean() < 40


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA", "CMYK", "L"])
def test_all_modes_become_gray_or_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.fromarray(RED_LEFT).convert(mode).save(path)
    image = read_image(path)
    assert image.dtype == np.uint8
    assert image.shape in {(20, 30), (20, 30, 3)}


def test_what_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    root = tmp_path / "images"
    for name in ("a", "b"):
        fill(root / name)
    whole = (root / "a" / "00.png").read_bytes()
    (root / "a" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "a" / "empty.png").touch()
    (root / "a" / "text.png").write_text("this is no image")
    (root / "a" / "notes.txt").write_text("note")
    (root / "a" / "folder.jpg").mkdir()
    (root / "a" / ".hidden.png").write_bytes(whole)
    (root / "a" / "Übergröße 心臓 قلب.png").write_bytes(whole)
    (root / "a" / "loop").symlink_to(root, target_is_directory=True)
    index = scan(settings(root), seed=7)
    dataset = prepare(index, settings(root), ImageSettings(size=16, color="grayscale"), 7, tmp_path / "cache")
    reasons = {Path(skipped.path).name: skipped.reason for skipped in dataset.summary.skipped}
    assert set(reasons) == {"cut.png", "empty.png", "text.png", "notes.txt", "folder.jpg"}
    assert reasons["empty.png"] == "is empty"
    assert reasons["text.png"] == "is no image that Pillow can read"
    assert reasons["cut.png"]
    assert len(dataset.images) == 13


def test_a_decompression_bomb_is_skipped(tmp_path: Path) -> None:
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")
    with pytest.raises(OSError, match=r"more than can be trusted|more pixels than"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    "names", [("train", "val", "test"), ("training", "valid", "testing"), ("Train", "Validation", "Test")]
)
def test_split_folders_are_taken_as_they_are(tmp_path: Path, names: tuple[str, ...]) -> None:
    for count, split in zip((6, 3, 2), names, strict=True):
        for name in ("a", "b"):
            fill(tmp_path / split / name, count)
    index = scan(settings(tmp_path), seed=7)
    counts = {split: sum(sample.split is split for sample in index.samples) for split in Split}
    assert counts == {Split.TRAIN: 12, Split.VALIDATION: 6, Split.TEST: 4}


def test_a_second_tree_is_the_validation_set(tmp_path: Path) -> None:
    for tree, count in (("one", 20), ("two", 5)):
        for name in ("a", "b"):
            fill(tmp_path / tree / name, count)
    index = scan(settings(tmp_path / "one", validation_path=str(tmp_path / "two")), seed=7)
    validation = [sample for sample in index.samples if sample.split is Split.VALIDATION]
    assert len(validation) == 10
    assert all("two" in Path(sample.path).parts for sample in validation)
    assert sum(sample.split is Split.TEST for sample in index.samples) == 6


def test_splits_are_stratified_seeded_and_kept_when_the_folder_moves(tmp_path: Path) -> None:
    for name, count in (("a", 40), ("b", 20)):
        fill(tmp_path / "first" / name, count)
    index = scan(settings(tmp_path / "first"), seed=7)
    for label, per_split in ((0, 6), (1, 3)):
        for split in (Split.VALIDATION, Split.TEST):
            assert sum(sample.label == label and sample.split is split for sample in index.samples) == per_split
    (tmp_path / "first").rename(tmp_path / "second")
    moved = scan(settings(tmp_path / "second"), seed=7)
    assert [sample.split for sample in moved.samples] == [sample.split for sample in index.samples]
    other = scan(settings(tmp_path / "second"), seed=8)
    assert [sample.split for sample in other.samples] != [sample.split for sample in index.samples]


def test_a_subset_of_classes_and_a_limit(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        fill(tmp_path / name, 12)
    index = scan(settings(tmp_path, classes=("c", "a"), limit_per_class=8), seed=7)
    assert index.classes == ("c", "a")
    assert len(index.samples) == 16
    with pytest.raises(DataError, match='no class folder "d"'):
        scan(settings(tmp_path, classes=("a", "d")), seed=7)


def test_a_class_that_is_left_empty_is_refused_by_name(tmp_path: Path) -> None:
    fill(tmp_path / "a")
    (tmp_path / "b").mkdir()
    for number in range(6):
        (tmp_path / "b" / f"{number}.png").write_bytes(b"no image at all")
    index = scan(settings(tmp_path), seed=7)
    with pytest.raises(DataError, match='The class "b" has no readable'):
        prepare(index, settings(tmp_path), ImageSettings(size=16), 7, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
