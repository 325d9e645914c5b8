"""TIFF files of any number type, with several pages, and with thumbnails among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.files.image_file import held_images, read_image
from engine.datasets.source import SampleIndex, Split

GENERATOR = np.random.default_rng(4)
STACK = GENERATOR.integers(0, 256, (5, 12, 17)).astype(np.uint8)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("colours", [0, 3])
@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_every_number_type_keeps_its_values(tmp_path: Path, dtype: str, colours: int, byteorder: Any) -> None:
    shape = (12, 17, 3) if colours else (12, 17)
    values = (GENERATOR.random(shape) * 100 - (0 if dtype[0] == "u" else 50)).astype(dtype)
    options: dict[str, Any] = {"photometric": "rgb" if colours else "minisblack", "byteorder": byteorder}
    tifffile.imwrite(tmp_path / "a.tif", values, **options)
    assert np.array_equal(read_image(tmp_path / "a.tif"), values)


def test_zero_may_be_white_in_wide_integers(tmp_path: Path) -> None:
    values = GENERATOR.integers(0, 2**32, (8, 8), dtype=np.uint64).astype(np.uint32)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "a.tif"), 2**32 - 1 - values.astype(np.int64))
    tifffile.imwrite(tmp_path / "b.tif", values.astype(np.float32), photometric="miniswhite")
    with pytest.raises(OSError, match="numbers of which 0 is white"):
        read_image(tmp_path / "b.tif")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("imagej", [False, True])
def test_each_page_of_a_stack_is_an_image(tmp_path: Path, dtype: Any, imagej: bool) -> None:
    stack = STACK.astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=imagej, photometric="minisblack")
    assert held_images(tmp_path / "a.tif").count == 5
    for number, expected in enumerate(stack):
        assert np.array_equal(read_image(tmp_path / "a.tif", number), expected)


def test_an_imagej_stack_behind_one_page(tmp_path: Path) -> None:
    """ImageJ writes stacks of over 4 GB so: one page, and the other images after its own."""
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True, photometric="minisblack")
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        first = file.pages[0]
        content = bytearray((tmp_path / "a.tif").read_bytes())
    entries = int.from_bytes(content[first.offset : first.offset + 2], (file.byteorder == "<" and "little") or "big")
    following = first.offset + 2 + 12 * entries
    content[following : following + 4] = bytes(4)
    (tmp_path / "a.tif").write_bytes(content)
    assert len(tifffile.TiffFile(tmp_path / "a.tif").pages) == 1
    assert held_images(tmp_path / "a.tif").count == 5
    for number, expected in enumerate(STACK):
        assert np.array_equal(read_image(tmp_path / "a.tif", number), expected)


def test_thumbnails_and_smaller_levels_are_no_images(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0][::2, ::2], subfiletype=1, metadata=None)
        writer.write(STACK[1], metadata=None)
    assert held_images(tmp_path / "a.tif").count == 2
    assert np.array_equal(read_image(tmp_path / "a.tif", 1), STACK[1])


def stacks(root: Path) -> Path:
    """Three files of one image and three of five in each of two classes."""
    for label, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for number in range(3):
            generator = np.random.default_rng((label, number))
            tifffile.imwrite(root / name / f"{number}.tif", generator.integers(0, 256, (16, 16), np.uint8))
            stack = generator.integers(0, 256, (5, 16, 16), np.uint8)
            tifffile.imwrite(root / name / f"stack{number}.tif", stack, photometric="minisblack")
    return root


def listed(folder: Path, **more: Any) -> SampleIndex:
    return scan(DatasetSettings(kind="image_folder", path=str(folder), **more), 7)


def test_pages_that_are_not_used_are_told(tmp_path: Path) -> None:
    index = listed(stacks(tmp_path / "images"))
    assert len(index.samples) == 12
    assert {Path(one.path).name for one in index.samples if "stack" in one.path} == {
        f"stack{n}.tif#1" for n in range(3)
    }
    (finding,) = index.findings
    assert finding.message.startswith("6 files hold several images, such as stack0.tif with 5; only the first of each")


@pytest.mark.parametrize(("frames", "places"), [("middle", [3]), ("all", [1, 2, 3, 4, 5])])
def test_other_pages_are_chosen(tmp_path: Path, frames: str, places: list[int]) -> None:
    folder = stacks(tmp_path / "images")
    index = listed(folder, frames=frames)
    assert len(index.samples) == 6 + 6 * len(places)
    assert bool(index.findings) == (frames == "middle")
    chosen = DatasetSettings(kind="image_folder", path=str(folder), frames=frames)
    dataset = prepare(index, chosen, ImageSettings(size=16, color="grayscale"), 7, tmp_path / "cache")
    splits: dict[str, set[Split]] = {}
    for split, rows in dataset.splits.items():
        for row in rows:
            file, _, number = dataset.paths[row].partition("#")
            expected = tifffile.imread(file)
            expected = expected[int(number) - 1] if number else expected
            assert np.array_equal(dataset.images[int(row)][:, :, 0], expected)
            splits.setdefault(file, set()).add(split)
    assert all(len(found) == 1 for found in splits.values())
