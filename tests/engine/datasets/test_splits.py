"""Splits keep something to train on in every class, whatever the fractions and whatever cannot be read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, EmptyClass
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.splits import with_splits
from engine.datasets.source import Sample, SampleIndex, Split

TINY = ImageSettings(size=8, color="grayscale")


def draw(root: Path, counts: dict[str, int]) -> DatasetSettings:
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.new("L", (8, 8), number).save(root / name / f"{number:02d}.png")
    return DatasetSettings(kind="image_folder", path=str(root))


@pytest.mark.parametrize("fractions", [(0.85, 0.05), (0.05, 0.85), (0.47, 0.47), (0.01, 0.01)])
@pytest.mark.parametrize("count", [3, 4, 7])
def test_every_class_is_in_every_split(fractions: tuple[float, float], count: int) -> None:
    settings = DatasetSettings(validation_fraction=fractions[0], test_fraction=fractions[1])
    samples = tuple(Sample(f"{name}/{n}.png", label) for label, name in enumerate("ab") for n in range(count))
    split = with_splits(SampleIndex(("a", "b"), samples), settings, seed=7)
    counts = Counter((sample.label, sample.split) for sample in split.samples)
    assert all(counts[label, part] >= 1 for label in (0, 1) for part in Split)
    assert sum(counts.values()) == 2 * count
    assert split.drawn == {Split.VALIDATION, Split.TEST}


def test_the_order_of_the_files_does_not_matter() -> None:
    samples = tuple(Sample(f"{name}/{n}.png", label) for label, name in enumerate("ab") for n in range(30))
    straight, reverse = (
        {
            sample.path: sample.split
            for sample in with_splits(SampleIndex(("a", "b"), order), DatasetSettings(), 7).samples
        }
        for order in (samples, samples[::-1])
    )
    assert straight == reverse


def test_adding_an_image_leaves_the_others_where_they_were() -> None:
    samples = tuple(Sample(f"{name}/{n}.png", label) for label, name in enumerate("ab") for n in range(100))
    before = {
        sample.path: sample.split
        for sample in with_splits(SampleIndex(("a", "b"), samples), DatasetSettings(), 7).samples
    }
    more = SampleIndex(("a", "b"), (*samples, Sample("a/new.png", 0)))
    after = {sample.path: sample.split for sample in with_splits(more, DatasetSettings(), 7).samples}
    assert sum(after[path] is not split for path, split in before.items()) <= 3


def test_too_few_images_are_refused_by_the_name_of_the_class(tmp_path: Path) -> None:
    settings = draw(tmp_path, {"many": 5, "few": 2})
    with pytest.raises(DataError, match='Class "few" has only 2 training images; at least 3 are needed'):
        scan(settings, 7)


def test_a_class_that_only_the_test_folder_has_names_those_that_can_stay(tmp_path: Path) -> None:
    draw(tmp_path / "train", {"a": 4, "b": 4})
    settings = draw(tmp_path / "test", {"a": 2, "b": 2, "emu": 2}).model_copy(update={"path": str(tmp_path)})
    with pytest.raises(EmptyClass, match='Class "emu" has only 0 training images') as refused:
        scan(settings, 7)
    assert (refused.value.name, refused.value.others) == ("emu", ("a", "b"))


def test_a_class_of_too_few_groups_names_those_that_can_stay(tmp_path: Path) -> None:
    settings = draw(tmp_path, {"a": 4, "b": 4, "emu": 4})
    pattern = r"regex:(emu|[ab]/[0-9]+)"
    with pytest.raises(EmptyClass, match='The class "emu" has images of 1 groups only') as refused:
        scan(settings.model_copy(update={"group_by": pattern}), 7)
    assert (refused.value.name, refused.value.others) == ("emu", ("a", "b"))


@pytest.mark.parametrize("lost", [Split.VALIDATION, Split.TEST])
def test_a_split_whose_only_image_is_damaged_is_drawn_again(tmp_path: Path, lost: Split) -> None:
    settings = draw(tmp_path / "images", {"a": 4, "b": 4})
    index = scan(settings, 7)
    for sample in index.samples:
        if sample.split is lost and sample.label == 0:
            Path(sample.path).write_bytes(b"damaged")
    dataset = prepare(index, settings, TINY, 7, tmp_path / "cache")
    assert len(dataset.summary.skipped) == 1
    assert all(dataset.summary.counts[split]["a"] == 1 for split in Split)
    assert sorted(row for rows in dataset.splits.values() for row in rows) == list(range(7))


def test_a_given_split_is_never_refilled_from_training(tmp_path: Path) -> None:
    draw(tmp_path / "images" / "train", {"a": 6, "b": 6})
    draw(tmp_path / "images" / "test", {"a": 2, "b": 2})
    for file in (tmp_path / "images" / "test" / "a").iterdir():
        file.write_bytes(b"damaged")
    settings = DatasetSettings(kind="image_folder", path=str(tmp_path / "images"))
    counts = prepare(scan(settings, 7), settings, TINY, 7, tmp_path / "cache").summary.counts
    assert counts["test"] == {"a": 0, "b": 2}
    assert counts["train"] == {"a": 5, "b": 5}


def test_a_given_split_without_any_readable_image_is_refused(tmp_path: Path) -> None:
    draw(tmp_path / "images" / "train", {"a": 6, "b": 6})
    draw(tmp_path / "images" / "test", {"a": 1, "b": 1})
    for file in (tmp_path / "images" / "test").rglob("*.png"):
        file.write_bytes(b"damaged")
    settings = DatasetSettings(kind="image_folder", path=str(tmp_path / "images"))
    with pytest.raises(DataError, match=r"no readable test image; the first, 00.png, cannot be read as an image"):
        prepare(scan(settings, 7), settings, TINY, 7, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
