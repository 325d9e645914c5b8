"""Images are decoded once; the cache is found again, noticed when damaged, and named by all that shapes it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import Cancelled, DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.datasets.cache.preparation import dataset_fingerprint, prepare, scan
from engine.datasets.cache.splits import write_split_csv
from engine.datasets.files.phantom_heart import draw_heart
from engine.datasets.source import Split

PHANTOM = DatasetSettings(limit_per_class=20)
SMALL = ImageSettings(size=32, color="grayscale")


def test_a_second_preparation_decodes_nothing(tmp_path: Path) -> None:
    index = scan(PHANTOM, seed=7)
    first = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    (images,) = tmp_path.glob("*/images.npy")
    written = images.stat().st_mtime_ns
    second = prepare(scan(PHANTOM, seed=7), PHANTOM, SMALL, 7, tmp_path)
    assert (first.cached, second.cached) == (False, True)
    assert images.stat().st_mtime_ns == written
    assert np.array_equal(first.images, second.images)
    assert first.summary == second.summary


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    index = scan(PHANTOM, seed=7)
    first = np.array(prepare(index, PHANTOM, SMALL, 7, tmp_path).images)
    (images,) = tmp_path.glob("*/images.npy")
    images.write_bytes(images.read_bytes()[:500])
    again = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    assert not again.cached
    assert np.array_equal(again.images, first)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"format": 2}', '{"format": 2, "labels": 3}', "\x00\xff"])
def test_a_damaged_index_is_made_again(tmp_path: Path, text: str) -> None:
    index = scan(PHANTOM, seed=7)
    first = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    (file,) = tmp_path.glob("*/index.json")
    file.write_text(text)
    again = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    assert not again.cached
    told, *others = again.summary.findings
    assert "index.json of the image cache is damaged, so the images are decoded again" in told.message
    assert again.summary.model_copy(update={"findings": tuple(others)}) == first.summary


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", ["images.npy", "index.json", "traits.npz", "check.json"])
def test_one_changed_byte_of_the_cache_is_told_and_made_again(tmp_path: Path, name: str, place: float) -> None:
    index = scan(PHANTOM, seed=7)
    first = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    pixels = np.array(first.images)
    (file,) = tmp_path.glob(f"*/{name}")
    content = bytearray(file.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    file.write_bytes(content)
    again = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    assert not again.cached
    assert f"{name} of the image cache is damaged" in again.summary.findings[0].message
    assert np.array_equal(again.images, pixels)
    assert np.array_equal(again.labels, first.labels)
    (aside,) = tmp_path.glob("*.damaged-*")
    assert (aside / name).read_bytes() == content
    third = prepare(index, PHANTOM, SMALL, 7, tmp_path)
    assert third.cached
    assert third.summary == first.summary


def test_near_copies_by_another_distance_leave_the_cache_whole(tmp_path: Path) -> None:
    index = scan(PHANTOM, seed=7)
    prepare(index, PHANTOM, SMALL, 7, tmp_path)
    wider = PHANTOM.model_copy(update={"near_duplicate_bits": 5})
    assert prepare(index, wider, SMALL, 7, tmp_path).cached
    assert prepare(index, wider, SMALL, 7, tmp_path).cached
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"The image cache .*file.* cannot be written"):
        prepare(scan(PHANTOM, 7), PHANTOM, SMALL, 7, tmp_path / "file")


def test_progress_is_told_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prepare(
        scan(PHANTOM, 7),
        PHANTOM,
        SMALL,
        7,
        tmp_path,
        Progress(on_report=lambda done, total: told.append((done, total)), every_s=0),
    )
    assert told == sorted(told)
    assert (told[0], told[-1]) == ((0, 40), (40, 40))
    assert len(told) >= 3


def test_the_fingerprint_depends_on_all_that_shapes_the_images_and_on_nothing_else(tmp_path: Path) -> None:
    index = scan(PHANTOM, seed=7)
    base = dataset_fingerprint(index, SMALL, 7)
    for change in ({"size": 33}, {"color": "rgb"}, {"resample": "nearest"}, {"jpeg_quality": 50}):
        assert dataset_fingerprint(index, SMALL.model_copy(update=change), 7) != base
    assert dataset_fingerprint(index, SMALL.model_copy(update={"scale": "standardize"}), 7) == base
    assert dataset_fingerprint(scan(PHANTOM, seed=8), SMALL, 8) != base


def test_a_changed_file_changes_the_fingerprint(tmp_path: Path, heart_folder: Path) -> None:
    settings = DatasetSettings(kind="image_folder", path=str(heart_folder))
    before = dataset_fingerprint(scan(settings, 7), SMALL, 7)
    file = next((heart_folder / "normal").iterdir())
    content = file.read_bytes()
    file.write_bytes(content)
    assert dataset_fingerprint(scan(settings, 7), SMALL, 7) != before


def test_one_sixteen_bit_image_keeps_the_depth_of_all(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    for name in ("a", "b"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(6):
            deep = name == "b" and number == 3
            values = generator.integers(0, 65535 if deep else 255, (8, 8)).astype(np.uint16 if deep else np.uint8)
            Image.fromarray(values).save(tmp_path / "images" / name / f"{number}.png")
    settings = DatasetSettings(kind="image_folder", path=str(tmp_path / "images"))
    dataset = prepare(scan(settings, 7), settings, ImageSettings(size=8, color="grayscale"), 7, tmp_path / "cache")
    assert dataset.images.dtype == np.uint16
    for row, path in enumerate(dataset.paths):
        file = np.asarray(Image.open(path)).astype(np.int64)
        assert np.array_equal(dataset.images[row][:, :, 0], file if file.max() > 255 else file * 257)


def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    def cancel() -> None:
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        prepare(scan(PHANTOM, 7), PHANTOM, SMALL, 7, tmp_path, Progress(cancel))
    assert not list(tmp_path.iterdir())


def test_compression_ratio_and_space_gain_are_of_the_whole_dataset(tmp_path: Path, heart_folder: Path) -> None:
    settings = DatasetSettings(kind="image_folder", path=str(heart_folder))
    images = ImageSettings(size=64, color="grayscale", jpeg_quality=60)
    sizes = prepare(scan(settings, 7), settings, images, 7, tmp_path).image_bytes
    assert sizes.bytes_before == sum(file.stat().st_size for file in heart_folder.rglob("*.png"))
    assert sizes.compression_ratio == pytest.approx(sizes.bytes_before / sizes.bytes_after)
    assert sizes.space_gain == pytest.approx(1 - 1 / sizes.compression_ratio)
    assert sizes.compression_ratio > 3


def test_the_split_is_written_down(tmp_path: Path) -> None:
    dataset = prepare(scan(PHANTOM, 7), PHANTOM, SMALL, 7, tmp_path)
    write_split_csv(tmp_path / "split.csv", dataset)
    with (tmp_path / "split.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 40
    assert sum(row["split"] == Split.TEST for row in rows) == dataset.summary.test == 6
    assert {row["label"] for row in rows} == {"normal", "sick"}


def test_hearts_are_drawn_the_same_from_the_same_seed_and_differ_between_classes() -> None:
    first, second = (draw_heart(np.random.default_rng((7, 1, 5)), sick=True) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == (128, 128)
    assert not np.array_equal(first, draw_heart(np.random.default_rng((7, 1, 6)), sick=True))
    healthy = draw_heart(np.random.default_rng((7, 1, 5)), sick=False)
    assert np.mean(first != healthy) > 0.01
