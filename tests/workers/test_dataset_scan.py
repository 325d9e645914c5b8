"""What the wizard learns about a dataset: counts, small pictures, a few whole images, and what was skipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import Cancelled, DataError
from engine.contract.progress import Progress
from engine.datasets.source import Split
from engine.imaging.thumbnail import thumbnail
from tests.small_study import draw_class_folders
from workers.dataset_scan import (
    CLASSES_LOOKED_INTO,
    IMAGES_PER_CLASS,
    MAX_TRIES,
    PREVIEWED_IMAGES,
    THUMBNAIL_PIXELS,
    scan_dataset,
)


def _folder(path: Path) -> DatasetSettings:
    return DatasetSettings(kind="image_folder", path=str(path))


def test_counts_and_pictures_of_a_folder(tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=20)
    result = scan_dataset(_folder(images), 7, tmp_path / "cache", Progress())
    assert result.classes == ("normal", "sick")
    assert {split: result.images(split) for split in Split} == {
        Split.TRAIN: 28,
        Split.VALIDATION: 6,
        Split.TEST: 6,
    }
    assert [picture.class_name for picture in result.thumbnails] == ["normal"] * IMAGES_PER_CLASS + [
        "sick"
    ] * IMAGES_PER_CLASS
    assert len(result.samples) == PREVIEWED_IMAGES
    assert all(sample.file_bytes > 0 for sample in result.samples)


def test_photographs_are_kept_small_but_for_a_few(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        for number in range(6):
            Image.new("RGB", (2000, 1000), (number * 40, 0, 0)).save(tmp_path / name / f"{number}.jpg")
    result = scan_dataset(_folder(tmp_path), 7, tmp_path / "cache", Progress())
    assert len(result.thumbnails) == 3 * IMAGES_PER_CLASS
    assert {picture.image.shape for picture in result.thumbnails} == {(THUMBNAIL_PIXELS // 2, THUMBNAIL_PIXELS, 3)}
    assert len(result.samples) == PREVIEWED_IMAGES
    assert result.samples[0].image.shape == (1000, 2000, 3)


def test_unreadable_images_are_passed_over_and_listed(tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=6)
    (images / "sick" / "000.png").write_bytes(b"not a picture")
    result = scan_dataset(_folder(images), 7, tmp_path / "cache", Progress())
    assert [(Path(one.path).name, one.reason) for one in result.skipped] == [("000.png", "cannot be read as an image")]
    assert sum(picture.class_name == "sick" for picture in result.thumbnails) == IMAGES_PER_CLASS


def test_a_class_of_which_nothing_can_be_read_is_refused(tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=MAX_TRIES + 4)
    for file in (images / "sick").iterdir():
        file.write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r'No image of the class "sick" can be read.*cannot be read as an image'):
        scan_dataset(_folder(images), 7, tmp_path / "cache", Progress())


def test_a_class_is_not_given_up_before_its_last_image(tmp_path: Path) -> None:
    images = draw_class_folders(tmp_path / "images", count=MAX_TRIES + 4)
    for file in sorted((images / "sick").iterdir())[:-1]:
        file.write_bytes(b"not a picture")
    result = scan_dataset(_folder(images), 7, tmp_path / "cache", Progress())
    assert [Path(one.path).name for one in result.thumbnails if one.class_name == "sick"] == [
        f"{MAX_TRIES + 3:03d}.png"
    ]
    assert len(result.skipped) == MAX_TRIES + 3


def test_of_very_many_classes_all_are_counted_and_some_are_shown(tmp_path: Path) -> None:
    for number in range(CLASSES_LOOKED_INTO + 5):
        (tmp_path / f"{number:03d}").mkdir()
        for place in range(4):
            Image.new("L", (8, 8), number).save(tmp_path / f"{number:03d}" / f"{place}.png")
    result = scan_dataset(_folder(tmp_path), 7, tmp_path / "cache", Progress())
    assert len(result.classes) == len(result.counts["train"]) == CLASSES_LOOKED_INTO + 5
    assert len({picture.class_name for picture in result.thumbnails}) == CLASSES_LOOKED_INTO


def test_it_ends_when_it_is_no_longer_wanted(tmp_path: Path) -> None:
    def stale() -> None:
        raise Cancelled("no longer wanted")

    with pytest.raises(Cancelled):
        scan_dataset(
            _folder(draw_class_folders(tmp_path / "images", count=4)),
            7,
            tmp_path / "cache",
            Progress(stale),
        )


@pytest.mark.parametrize(
    ("image", "shape", "brightest"),
    [
        (np.full((10, 20), 7, np.uint8), (10, 20), 7),
        (np.full((400, 200, 3), 9, np.uint8), (50, 25, 3), 9),
        (np.full((300, 300, 1), 5, np.uint8), (50, 50), 5),
        (np.full((100, 100), 4095, np.uint16), (50, 50), 255),
        (np.zeros((100, 100), np.uint16), (50, 50), 0),
    ],
    ids=["small", "portrait", "one channel", "twelve bits", "black"],
)
def test_thumbnails(image: np.ndarray, shape: tuple[int, ...], brightest: int) -> None:
    small = thumbnail(image, 50)
    assert (small.shape, small.dtype, int(small.max())) == (shape, np.uint8, brightest)
