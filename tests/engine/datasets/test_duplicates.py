"""Copies are found, exact and near; which one stays is as promised; and a run reports them."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import Cancelled, DataError
from engine.contract.findings import Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.datasets.cache.preparation import dataset_fingerprint, prepare, scan
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.cache.splits import write_split_csv
from engine.datasets.checks.dataset_findings import dataset_findings
from engine.datasets.checks.duplicates import NONE, find_duplicates, nearest_before
from engine.datasets.checks.image_checks import CheckedSample, check_dataset
from engine.datasets.files.image_traits import ImageTraits, image_traits
from engine.datasets.files.phantom_heart import draw_heart
from engine.datasets.source import Split

SMALL = ImageSettings(size=16, color="grayscale")


def _traits(digest: int, perceptual_hash: int | None) -> ImageTraits:
    return ImageTraits(digest.to_bytes(16), perceptual_hash, 8, 8, "8-bit grayscale", 255)


def test_the_nearest_of_all_pairs_is_found_whatever_the_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.datasets.checks.duplicates.ROWS_AT_ONCE", 7)
    monkeypatch.setattr("engine.datasets.checks.duplicates.COLUMNS_AT_ONCE", 11)
    generator = np.random.default_rng(1)
    hashes = generator.integers(0, 2**63, 4, dtype=np.uint64)[generator.integers(0, 4, 200)]
    for _ in range(4):
        hashes ^= np.uint64(1) << generator.integers(0, 64, 200, dtype=np.uint64)
    known = generator.random(200) > 0.1
    for stops in (np.arange(200), np.repeat([0, 60, 90], [60, 30, 110])):
        nearest, distance = nearest_before(hashes, known, stops, 5)
        found = 0
        for row in range(200):
            bits = {
                other: (int(hashes[row]) ^ int(hashes[other])).bit_count()
                for other in range(stops[row])
                if known[row] and known[other]
            }
            least = min(bits.values(), default=64)
            if least > 5:
                assert nearest[row] == NONE
            else:
                found += 1
                assert (nearest[row], distance[row]) == (min(o for o in bits if bits[o] == least), least)
        assert 50 < found < 200


def test_the_copy_of_the_later_split_comes_first() -> None:
    traits = [_traits(1, 0b0), _traits(1, 0b0), _traits(2, 0b1), _traits(1, 0b0), _traits(3, 0xFF00)]
    splits = [Split.TRAIN, Split.TRAIN, Split.VALIDATION, Split.TEST, Split.TRAIN]
    twins = find_duplicates(traits, splits, near_bits=2)
    assert twins.exact.tolist() == [3, 3, NONE, NONE, NONE]
    assert twins.exact_in_other_split.tolist() == [3, 3, NONE, NONE, NONE]
    assert twins.near_in_other_split.tolist() == [3, 3, 3, NONE, NONE]
    assert twins.distance.tolist()[:3] == [0, 0, 1]


def test_an_image_of_one_colour_is_near_to_none() -> None:
    black, gray = image_traits(np.zeros((20, 20), np.uint8)), image_traits(np.full((20, 20, 3), 90, np.uint8))
    assert black.perceptual_hash is gray.perceptual_hash is None
    twins = find_duplicates([black, gray, black], [Split.TRAIN] * 3, near_bits=16)
    assert twins.near.tolist() == [NONE] * 3
    assert twins.exact.tolist() == [NONE, NONE, 0]


def test_equal_pixels_are_equal_whatever_file_they_came_in_and_depth_counts() -> None:
    heart = draw_heart(np.random.default_rng(1), sick=False)
    assert image_traits(heart) == image_traits(np.asfortranarray(heart))
    deep = image_traits(heart.astype(np.uint16) * 16)
    assert deep.digest != image_traits(heart).digest
    assert deep.perceptual_hash is not None
    assert (deep.perceptual_hash ^ (image_traits(heart).perceptual_hash or 0)).bit_count() <= 2
    assert (deep.mode, deep.brightest) == ("16-bit grayscale", int(heart.max()) * 16)


@pytest.mark.parametrize("variant", ["jpeg", "smaller", "brighter"])
def test_a_copy_that_was_saved_anew_is_near(variant: str) -> None:
    found = 0
    for number in range(20):
        heart = draw_heart(np.random.default_rng((1, number)), sick=bool(number % 2))
        twins = find_duplicates([image_traits(heart), image_traits(_changed(heart, variant))], [Split.TRAIN] * 2, 2)
        found += int(twins.near[1] == 0)
    assert found >= 18


def _changed(image: np.ndarray, variant: str) -> np.ndarray:
    if variant == "brighter":
        return np.clip(image.astype(np.int64) + 12, 0, 255).astype(np.uint8)
    picture = Image.fromarray(image)
    if variant == "smaller":
        return np.asarray(picture.resize((96, 96), Image.Resampling.LANCZOS))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two classes, three splits; copies in training of test images, one as JPEG, and of one in both classes."""
    root = tmp_path / "images"
    for label, name in enumerate(("normal", "sick")):
        for split, count in (("train", 12), ("validation", 4), ("test", 4)):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                values = np.random.default_rng((label, len(split), number)).integers(0, 255, (6, 6)).astype(np.uint8)
                picture = Image.fromarray(values).resize((48, 48), Image.Resampling.BICUBIC)
                picture.save(root / split / name / f"{number}.png")
    test = Image.open(root / "test" / "sick" / "0.png")
    test.save(root / "train" / "sick" / "leak.bmp")
    Image.open(root / "test" / "sick" / "1.png").save(root / "train" / "sick" / "near.jpg", quality=90)
    first = Image.open(root / "train" / "normal" / "0.png")
    first.save(root / "train" / "normal" / "again.png")
    first.save(root / "train" / "sick" / "wrong.png")
    return root


def _prepared(folder: Path, cache: Path, **settings: object) -> PreparedDataset:
    dataset = DatasetSettings(kind="image_folder", path=str(folder), **settings)
    return prepare(scan(dataset, 7), dataset, SMALL, 7, cache)


def _used(dataset: PreparedDataset) -> set[str]:
    return {Path(dataset.paths[row]).name for rows in dataset.splits.values() for row in rows}


def test_all_are_kept_and_told_of(folder: Path, tmp_path: Path) -> None:
    dataset = _prepared(folder, tmp_path / "cache")
    check = dataset.check
    assert (check.images, check.exact_duplicates, check.exact_leaks, check.near_leaks) == (44, 3, 1, 1)
    assert (check.conflicts, check.left_out, dataset.summary.train) == (1, 0, 28)
    assert [(Path(one.path).name, Path(one.copy_of).name, one.exact) for one in check.duplicates[:2]] == [
        ("leak.bmp", "0.png", True),
        ("near.jpg", "1.png", False),
    ]
    assert (check.duplicates[0].split, check.duplicates[0].copy_split) == ("train", "test")
    warned = [one.message for one in dataset.summary.findings if one.severity is Severity.WARNING]
    assert any("same pixels as one in another split" in message for message in warned)
    assert any("same pixels as one of another class" in message for message in warned)
    assert any("nearly identical to one in another split" in message for message in warned)


def test_drawn_images_that_look_alike_are_no_copies(folder: Path, tmp_path: Path) -> None:
    check = _prepared(folder, tmp_path / "cache").check
    counts = {split.value: {"normal": 40, "sick": 40} for split in Split}

    def messages(kind: str) -> list[str]:
        dataset = DatasetSettings(kind=kind, path="" if kind == "phantom" else str(folder))
        return [one.message for one in dataset_findings(check, counts, dataset, SMALL)]

    assert set(messages("image_folder")) - set(messages("phantom")) == {
        message for message in messages("image_folder") if "nearly identical to one in another split" in message
    }
    assert len(messages("phantom")) == len(messages("image_folder")) - 1


@pytest.mark.parametrize(
    ("settings", "gone"),
    [
        ({"duplicates": "drop_leaks"}, {"leak.bmp"}),
        ({"duplicates": "drop_leaks", "drop_near_duplicates": True}, {"leak.bmp", "near.jpg"}),
        ({"duplicates": "drop"}, {"leak.bmp", "again.png", "wrong.png"}),
        ({"duplicates": "drop", "drop_near_duplicates": True}, {"leak.bmp", "near.jpg", "again.png", "wrong.png"}),
    ],
)
def test_the_copy_in_training_goes(folder: Path, tmp_path: Path, settings: dict[str, object], gone: set[str]) -> None:
    everything = {path.name for path in folder.rglob("*.*")}
    for _ in range(2):  # Decoded, and from the cache.
        dataset = _prepared(folder, tmp_path / "cache", **settings)
        assert _used(dataset) == everything - gone
        assert dataset.summary.left_out == dataset.check.left_out == len(gone)
        assert {Path(one.path).name for one in dataset.check.duplicates if one.left_out} == gone
        assert (dataset.summary.validation, dataset.summary.test) == (8, 8)
    write_split_csv(tmp_path / "split.csv", dataset)
    with (tmp_path / "split.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["path", "label", "split"]
    assert {Path(row["path"]).name for row in rows} == everything - gone


def test_what_is_left_out_changes_the_fingerprint_and_what_is_only_told_does_not(folder: Path) -> None:
    def fingerprint(**settings: object) -> str:
        dataset = DatasetSettings(kind="image_folder", path=str(folder), **settings)
        return dataset_fingerprint(scan(dataset, 7), SMALL, 7)

    assert fingerprint() == fingerprint(near_duplicate_bits=9) == fingerprint(drop_near_duplicates=True)
    assert len({fingerprint(duplicates=rule) for rule in ("keep", "drop_leaks", "drop")}) == 3


def test_another_distance_is_looked_for_without_decoding_again(folder: Path, tmp_path: Path) -> None:
    few = _prepared(folder, tmp_path / "cache")
    many = _prepared(folder, tmp_path / "cache", near_duplicate_bits=16)
    assert many.cached
    assert many.check.near_duplicates > few.check.near_duplicates
    assert _prepared(folder, tmp_path / "cache").check == few.check


def test_nothing_left_to_train_on_is_a_sentence(tmp_path: Path) -> None:
    for name in ("a", "b"):
        for split in ("train", "test"):
            (tmp_path / "images" / split / name).mkdir(parents=True)
            for number in range(3):
                value = number * 60 + (5 if name == "b" else 0)
                Image.new("L", (8, 8), value).save(tmp_path / "images" / split / name / f"{number}.png")
    with pytest.raises(DataError, match=r"no readable image to train on .* after 6 duplicates were left out"):
        _prepared(tmp_path / "images", tmp_path / "cache", duplicates="drop_leaks", validation_fraction=0.3)


@pytest.mark.parametrize(
    ("rule", "near", "told"),
    [
        ("drop_leaks", False, ["1 image has the same pixels as one in another split, and is left out."]),
        (
            "drop",
            True,
            [
                "1 image has the same pixels as one in another split, and is left out.",
                "1 image has the same pixels as another in the same split, and is left out.",
                "1 image looks nearly like another, and is left out.",
            ],
        ),
    ],
)
def test_each_copy_that_is_left_out_is_told(rule: str, near: bool, told: list[str]) -> None:
    """Also one that is only nearly like another of its own split."""
    hashes = {1: 0x0F0F, 2: 0x0F0E, 3: 0xFFFF0000FFFF0000, 4: 0x00FFFF0000FFFF00}
    digests = [
        (4, Split.TEST),
        (4, Split.TRAIN),
        (1, Split.TRAIN),
        (1, Split.TRAIN),
        (2, Split.TRAIN),
        (3, Split.TRAIN),
    ]
    traits = [_traits(digest, hashes[digest]) for digest, _ in digests]
    samples = [CheckedSample(str(place), 0, split) for place, (_, split) in enumerate(digests)]
    settings = DatasetSettings(duplicates=rule, drop_near_duplicates=near)  # type: ignore[arg-type]
    checked = check_dataset(samples, traits, ["a"], settings)
    assert checked.check.left_out == len(told)
    counts = {split.value: {"a": 99} for split in Split}
    notes = [one.message for one in dataset_findings(checked.check, counts, settings, SMALL)]
    assert [message for message in notes if "left out" in message] == told


def test_a_class_that_a_split_does_not_have_is_a_warning() -> None:
    samples = [CheckedSample(str(place), 0, Split.TRAIN) for place in range(2)]
    check = check_dataset(samples, [_traits(1, 1), _traits(2, 2)], ["a"], DatasetSettings()).check
    counts = {"train": {"a": 50, "b": 50}, "validation": {"a": 40, "b": 0}, "test": {"a": 0, "b": 40}}
    found = dataset_findings(check, counts, DatasetSettings(), SMALL)
    told = [one.message for one in found if one.severity is Severity.WARNING]
    assert [message.partition(":")[0] for message in told] == [
        'There is no test image of "a"',
        'There is no validation image of "b"',
    ]


def test_findings_name_what_misleads(tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    for name, count in (("bright", 30), ("dark", 6)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(count):
            largest, dtype = (255, np.uint8) if name == "bright" else (4095, np.uint16)
            side = 8 + number % 2
            values = generator.integers(0, largest + 1, (side, side)).astype(dtype)
            Image.fromarray(values).save(tmp_path / "images" / name / f"{number}.png")
    settings = DatasetSettings(kind="image_folder", path=str(tmp_path / "images"))

    def messages(**images: object) -> str:
        shaped = SMALL.model_copy(update=images)
        return "\n".join(
            one.message for one in prepare(scan(settings, 7), settings, shaped, 7, tmp_path).summary.findings
        )

    found = messages()
    assert 'The class "bright" has 5.5 times the training images of "dark"' in found
    assert "The kind of image alone reveals the class (30 8-bit grayscale, 6 16-bit grayscale)" in found
    assert "The images have 2 sizes (18 of 8×8, 18 of 9×9)" in found
    assert "of 65,535, so the network is fed values up to 0.06 only; set scale = per_image_max" in found
    assert "of 65,535" not in messages(scale="per_image_max")
    assert "JPEG keeps eight bits: 15 levels of gray are left" in messages(jpeg_quality=90)


def test_a_search_can_be_cancelled() -> None:
    def cancel() -> None:
        raise Cancelled("stop")

    samples = [CheckedSample(str(number), 0, Split.TRAIN) for number in range(3)]
    with pytest.raises(Cancelled):
        check_dataset(samples, [_traits(1, 5)] * 3, ("a",), DatasetSettings(), Progress(cancel))


@pytest.mark.benchmark
def test_near_duplicates_of_a_hundred_thousand_images_are_found_within_a_minute() -> None:
    generator = np.random.default_rng(4)
    traits = [_traits(number, int(value)) for number, value in enumerate(generator.integers(0, 2**63, 100_000))]
    splits = [(Split.TRAIN, Split.VALIDATION, Split.TEST)[number % 3] for number in range(100_000)]
    started = time.perf_counter()
    find_duplicates(traits, splits, near_bits=4)
    seconds = time.perf_counter() - started
    print(f"\nnear duplicates among 100,000 hashes: {seconds:.1f} s")
    assert seconds < 60
