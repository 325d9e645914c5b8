"""Inputs of labs that were silently read wrongly: each is read correctly, refused, or reported."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import tifffile
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.files.image_file import held_images, read_image
from engine.datasets.listing.labels_csv import read_labels_csv
from engine.datasets.source import DATASETS
from tests.small_study import draw_class_folders


def test_folders_that_exchange_their_names_are_other_images(tmp_path: Path) -> None:
    """All else of the files is alike, as of those that came out of one archive."""
    folder = draw_class_folders(tmp_path / "images", 6)
    for file in folder.rglob("*.png"):
        file.write_bytes(file.read_bytes().ljust(20_000, b"\0"))
        os.utime(file, (1e9, 1e9))
    settings = DatasetSettings(kind="image_folder", path=str(folder))
    before = scan(settings, 7)
    (folder / "normal").rename(folder / "other")
    (folder / "sick").rename(folder / "normal")
    (folder / "other").rename(folder / "sick")
    after = scan(settings, 7)
    assert [one.path for one in before.samples] == [one.path for one in after.samples]
    assert before.fingerprint != after.fingerprint
    assert all(one.stamp != other.stamp for one, other in zip(before.samples, after.samples, strict=True))


def test_a_channel_that_is_no_opacity_is_left_out(tmp_path: Path) -> None:
    colours = np.random.default_rng(1).integers(0, 65535, (8, 8, 3), dtype=np.uint16)
    other = np.full((8, 8, 1), 1000, np.uint16)
    pixels = np.concatenate([colours, other], axis=2)
    for kind in ("unspecified", "unassalpha", "assocalpha"):
        tifffile.imwrite(tmp_path / f"{kind}.tif", pixels, photometric="rgb", extrasamples=[kind])
    assert np.array_equal(read_image(tmp_path / "unspecified.tif"), colours)
    share = 1000 / 65535
    over_white = colours * share + 65535 * (1 - share)
    assert np.abs(read_image(tmp_path / "unassalpha.tif") - over_white).max() <= 1
    multiplied = np.clip(colours + 65535 * (1 - share), 0, 65535)
    assert np.abs(read_image(tmp_path / "assocalpha.tif") - multiplied).max() <= 1


def test_transparent_gray_of_sixteen_bits_is_white(tmp_path: Path) -> None:
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8) * 100
    Image.fromarray(pixels).save(tmp_path / "gray.png", transparency=500)
    read = read_image(tmp_path / "gray.png")
    assert read[pixels == 500].tolist() == [65535]
    assert np.array_equal(read[pixels != 500], pixels[pixels != 500])


def test_an_animated_png_holds_several_images(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 8), 80 * number, np.uint8)) for number in range(3)]
    frames[0].save(tmp_path / "moving.png", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "still.png")
    assert (held_images(tmp_path / "moving.png").count, held_images(tmp_path / "still.png").count) == (3, 1)
    assert [int(read_image(tmp_path / "moving.png", frame).mean()) for frame in range(3)] == [0, 80, 160]


@pytest.mark.parametrize("names", [{"0": "zero", "2": "two"}, {"1": "benign", "2": "malignant"}])
def test_names_by_other_numbers_than_the_labels_are_refused(tmp_path: Path, names: dict[str, str]) -> None:
    np.savez(
        tmp_path / "data.npz",
        train_images=np.zeros((8, 8, 8), np.uint8),
        train_labels=np.arange(8) % 2,
    )
    (tmp_path / "data.json").write_text(json.dumps({"label": names}))
    settings = DatasetSettings(kind="npz", path=str(tmp_path / "data.npz"))
    with pytest.raises(DataError, match="not 0, 1, 2 and so on"):
        DATASETS["npz"](settings, 7, tmp_path / "cache").index()


@pytest.mark.parametrize("header", ["path,label,label", "path,Label,label ", "file,label,FILE"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, header: str) -> None:
    (tmp_path / "labels.csv").write_text(f"{header}\n1.png,a,b\n")
    with pytest.raises(DataError, match="has two columns"):
        read_labels_csv(str(tmp_path / "labels.csv"))


def test_one_line_names_one_of_two_files_that_look_alike(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label\n\u00e9.png,a\n", encoding="utf-8")
    table = read_labels_csv(str(tmp_path / "labels.csv"))
    images = [(name, f"/images/{name}") for name in ("\u00e9.png", "e\u0301.png")]
    with pytest.raises(DataError, match="names two files"):
        table.rows_of(images)


def test_an_end_of_a_line_within_a_label_is_a_space(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text('path,label\n1.png,"no\nfinding"\n2.png,b\n')
    assert [row.label for row in read_labels_csv(str(tmp_path / "labels.csv")).rows.values()] == ["no finding", "b"]


def test_images_with_holes_are_told_as_such(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "holes" / name).mkdir(parents=True)
        for number in range(4):
            pixels = np.random.default_rng(number).random((8, 8)).astype(np.float32)
            pixels[0, 0] = np.nan
            tifffile.imwrite(tmp_path / "holes" / name / f"{number}.tif", pixels)
    settings = DatasetSettings(kind="image_folder", path=str(tmp_path / "holes"))
    images = ImageSettings(size=8, color="grayscale")
    with pytest.raises(DataError, match="NaN or infinity"):
        prepare(scan(settings, 7), settings, images, 7, tmp_path / "cache")


@pytest.mark.parametrize(("frames", "used"), [("first", 1), ("all", 2)])
def test_pages_that_differ_from_the_first_are_told(tmp_path: Path, frames: Literal["first", "all"], used: int) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(4):
            with tifffile.TiffWriter(tmp_path / name / f"{number}.tif") as writer:
                for height in (8, 8, 16):
                    writer.write(np.full((height, 8), 10 * number, np.uint8), metadata=None)
    found = scan(DatasetSettings(kind="image_folder", path=str(tmp_path), frames=frames), 7)
    assert len(found.samples) == 8 * used
    assert "8 files have pages of another size" in found.findings[-1].message


def test_a_table_of_splits_tells_what_it_leaves_open(tmp_path: Path) -> None:
    draw_class_folders(tmp_path / "images", count=4)
    names = sorted(path.relative_to(tmp_path / "images").as_posix() for path in tmp_path.rglob("*.png"))
    lines = [f"{name},{'train' if number % 2 else 'test'}" for number, name in enumerate(names[:6])]
    (tmp_path / "splits.csv").write_text("\n".join(["path,split", *lines, "normal/gone.png,test"]))
    settings = DatasetSettings(
        kind="image_folder", path=str(tmp_path / "images"), labels_csv=str(tmp_path / "splits.csv")
    )
    told = [finding.message for finding in scan(settings, 7).findings]
    assert told[0].startswith("2 of 8 images have no split in splits.csv")
    assert told[1].startswith('1 line of splits.csv names no image that is used, such as "normal/gone.png"')
