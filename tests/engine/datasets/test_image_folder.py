"""Folders of images as labs have them: layouts, formats, and files that cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.files.image_file import read_image
from engine.datasets.source import Split

RED_LEFT = np.zeros((20, 30, 3), dtype=np.uint8)
RED_LEFT[:, :10, 0] = 250


def fill(folder: Path, count: int = 6, side: int = 16, seed: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        Image.fromarray(generator.integers(0, 255, (side, side), dtype=np.uint8)).save(folder / f"{number:02d}.png")


def draw_patients(root: Path) -> Path:
    """Eight patients in two hospitals, each with folders of healthy and of sick slices, and of others."""
    for patient in range(8):
        for place, kind in enumerate(("normal", "sick_a", "localiser")):
            fill(root / f"hospital_{patient % 2}" / f"patient_{patient}" / "MR" / kind, 3, seed=10 * patient + place)
    return root


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
    assert set(reasons) == {"cut.png", "empty.png", "text.png", "notes.txt", "folder.jpg", "loop"}
    assert reasons["loop"] == "is a link to a folder, which is not followed"
    assert reasons["empty.png"] == "is empty"
    assert reasons["text.png"] == "cannot be read as an image"
    assert reasons["cut.png"]
    assert len(dataset.images) == 13


@pytest.mark.parametrize(("bits", "dtype"), [(8, np.uint8), (16, np.uint16)])
def test_zero_may_be_white(tmp_path: Path, bits: int, dtype: type) -> None:
    stored = np.linspace(0, 2**bits - 1, 64).astype(dtype).reshape(8, 8)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="miniswhite")
    assert np.array_equal(read_image(tmp_path / "a.tif"), 2**bits - 1 - stored)


DEEP = np.random.default_rng(5).integers(0, 65536, (6, 9, 3)).astype(np.uint16)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_of_sixteen_bits_keep_them_in_tiff(tmp_path: Path, compression: str | None, planar: str) -> None:
    pixels = DEEP if planar == "contig" else np.moveaxis(DEEP, 2, 0)
    options = {"photometric": "rgb", "planarconfig": planar, "compression": compression}
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    assert np.array_equal(read_image(tmp_path / "a.tif"), DEEP)


def test_colours_of_sixteen_bits_keep_them_in_png(tmp_path: Path) -> None:
    opacity = np.full((6, 9, 1), 65535, np.uint16)
    opacity[0] = 0
    over_white = np.where(opacity > 0, DEEP, 65535)
    gray = np.concatenate([DEEP[..., :1], opacity], axis=2)
    images = {
        "rgb": (DEEP, DEEP),
        "rgba": (np.concatenate([DEEP, opacity], axis=2), over_white),
        "la": (gray, np.repeat(over_white[..., :1], 3, axis=2)),
    }
    for name, (pixels, expected) in images.items():
        (tmp_path / f"{name}.png").write_bytes(imagecodecs.png_encode(pixels))
        assert np.array_equal(read_image(tmp_path / f"{name}.png"), expected), name
        (tmp_path / "cut.png").write_bytes(imagecodecs.png_encode(pixels)[:120])
        with pytest.raises(OSError, match=r"is damaged|is cut off"):
            read_image(tmp_path / "cut.png")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_colours_of_sixteen_bits_are_turned_upright_too(tmp_path: Path, orientation: int) -> None:
    eight_bits, deep = tmp_path / "a.png", tmp_path / "b.tif"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray((DEEP >> 8).astype(np.uint8)).save(eight_bits, exif=exif)
    tifffile.imwrite(deep, DEEP, photometric="rgb", extratags=[(0x0112, "H", 1, orientation, True)])
    assert np.array_equal(read_image(deep) >> 8, read_image(eight_bits))


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(tmp_path / "a.png")
    assert np.all(read_image(tmp_path / "a.png") == 255)


@pytest.mark.filterwarnings("ignore")  # pytest puts away the filter of `image_file`.
def test_every_file_cut_anywhere_is_read_or_refused_in_words(tmp_path: Path) -> None:
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 255, (24, 24, 3), dtype=np.uint8))
    outcomes: list[tuple[int, ...] | str] = []
    for suffix in ("jpg", "png", "tif", "bmp", "gif", "webp"):
        picture.save(tmp_path / f"whole.{suffix}")
        whole = (tmp_path / f"whole.{suffix}").read_bytes()
        cut = tmp_path / f"cut.{suffix}"
        for length in range(0, len(whole), max(1, len(whole) // 40)):
            cut.write_bytes(whole[:length])
            outcomes.append(_outcome(cut))
    assert all(outcomes)
    assert {outcome for outcome in outcomes if isinstance(outcome, tuple)} == {(24, 24, 3)}


def _outcome(path: Path) -> tuple[int, ...] | str:
    """The image's shape, or why it cannot be read."""
    try:
        return read_image(path).shape
    except OSError as error:
        return str(error)


def test_pillow_is_quiet_in_several_threads(checkout: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name, 20)
        for number in range(20):
            exif = Image.Exif()
            exif[0x0112] = 3
            Image.new("L", (16, 16)).save(tmp_path / name / f"{number}.jpg", exif=exif)
            content = (tmp_path / name / f"{number}.jpg").read_bytes()
            # The EXIF block says that it has 255 entries, which Pillow warns of.
            start = content.index(b"\x00\x2a\x00\x00\x00\x08") + 6
            (tmp_path / name / f"{number}.jpg").write_bytes(content[:start] + b"\x00\xff" + content[start + 2 :])
    program = (
        "import sys; from pathlib import Path; from concurrent.futures import ThreadPoolExecutor as Pool\n"
        "from engine.datasets.files.image_file import read_image\n"
        "files = list(Path(sys.argv[1]).rglob('*.jpg'))\n"
        "print(len(list(Pool(4).map(read_image, files))))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", program, str(tmp_path)],
        cwd=checkout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == ("40", "")


@pytest.mark.parametrize(
    ("side", "sentence"),
    [(11_000, "121,000,000 pixels, which is more than can be trusted"), (14_000, "more pixels than can be trusted")],
    ids=["beyond our limit", "beyond Pillow's"],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # pytest puts away our own filter.
def test_a_decompression_bomb_is_skipped(tmp_path: Path, side: int, sentence: str) -> None:
    for name in ("a", "b"):
        fill(tmp_path / "images" / name)
    Image.new("1", (side, side)).save(tmp_path / "images" / "a" / "bomb.png")
    chosen = settings(tmp_path / "images")
    dataset = prepare(scan(chosen, 7), chosen, ImageSettings(size=16), 7, tmp_path / "cache")
    (skipped,) = dataset.summary.skipped
    assert (Path(skipped.path).name, sentence in skipped.reason) == ("bomb.png", True)


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


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    for name in ("bird", "car", "train"):
        fill(tmp_path / name)
    assert scan(settings(tmp_path), seed=7).classes == ("bird", "car", "train")


def test_two_folders_of_one_split_are_both_read(tmp_path: Path) -> None:
    for split in ("train", "val", "validation"):
        for name in ("a", "b"):
            fill(tmp_path / split / name, 3)
    index = scan(settings(tmp_path), seed=7)
    assert sum(sample.split is Split.VALIDATION for sample in index.samples) == 12


def test_split_folders_without_training_images_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / "test" / name)
    with pytest.raises(DataError, match="but no train folder"):
        scan(settings(tmp_path), seed=7)


def test_a_second_tree_that_overlaps_the_first_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name)
    with pytest.raises(DataError, match="folders that do not overlap"):
        scan(settings(tmp_path, test_path=str(tmp_path)), seed=7)


def test_images_in_no_class_folder_are_listed_or_refused(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    with pytest.raises(DataError, match=r"\(3\) are not in class folders; put each class into a folder"):
        scan(settings(tmp_path), seed=7)
    for name in ("a", "b"):
        fill(tmp_path / name)
    index = scan(settings(tmp_path), seed=7)
    assert [(Path(one.path).name, one.reason) for one in index.skipped] == [
        (f"0{number}.png", "is not in a class folder") for number in range(3)
    ]


@pytest.mark.parametrize("path", ["~no-such-user/images", "/tmp/" + "long" * 2000, "a\0b", "nowhere"])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(DataError, match=r"dataset.path: there is no folder"):
        scan(DatasetSettings(kind="image_folder", path=path), seed=7)


def test_a_subset_of_one_class_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        fill(tmp_path / name)
    with pytest.raises(DataError, match=r"names only one class \(b\)"):
        scan(settings(tmp_path, classes=("b",)), seed=7)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
@pytest.mark.parametrize(
    ("name", "shown"), [(b"\xff\xfe.png", "\ufffd\ufffd.png"), (b"\x1b[2J\n.png", "\ufffd[2J\ufffd.png")]
)
def test_a_name_that_is_no_text_is_skipped_in_readable_words(tmp_path: Path, name: bytes, shown: str) -> None:
    for folder in ("a", "b"):
        fill(tmp_path / folder)
    (tmp_path / "a" / "00.png").rename(os.fsdecode(os.fsencode(tmp_path / "a") + b"/" + name))
    index = scan(settings(tmp_path), seed=7)
    (skipped,) = index.skipped
    assert skipped.reason.startswith("has a name that is no valid text")
    assert skipped.path.encode().decode().endswith(shown)


def test_a_class_folder_may_be_a_link_but_not_one_round_in_a_circle(tmp_path: Path) -> None:
    for name in ("images/a", "elsewhere"):
        fill(tmp_path / name)
    root = tmp_path / "images"
    (root / "b").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (root / "above").symlink_to(tmp_path, target_is_directory=True)
    (root / "again").symlink_to(root / "a", target_is_directory=True)
    (root / "itself").symlink_to(root / "itself")
    (root / "a" / "itself.png").symlink_to(root / "a" / "itself.png")
    index = scan(settings(root), seed=7)
    assert index.classes == ("a", "b")
    assert len(index.samples) == 12
    assert {Path(one.path).name: one.reason for one in index.skipped} == {
        "above": "is a link to a folder, which is not followed",
        "again": "is a link to a folder, which is not followed",
        "itself.png": "is a broken link or not a regular file",
    }


def test_what_is_no_image_format_is_given_to_no_other_program(tmp_path: Path) -> None:
    """Pillow hands PostScript to Ghostscript; a file may say that it is something else."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.png")
    with pytest.raises(OSError, match="cannot be read as an image"):
        read_image(tmp_path / "a.png")


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
