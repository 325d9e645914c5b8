"""The parts of a cross-validation: every image is tested on once, classes are spread, groups stay whole."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, EmptyClass
from engine.contract.repeats import Fold
from engine.datasets.cache.splits import drawn_again_where_lost, with_splits
from engine.datasets.source import Sample, SampleIndex, Split

FOLDS = 5
CLASSES = ("a", "b")


def images(first: int, second: int, group: int = 0) -> tuple[Sample, ...]:
    """Of two classes; `group` images in a row belong together."""
    counts = {0: first, 1: second}
    return tuple(
        Sample(f"{CLASSES[label]}/{place:03d}.png", label, group=f"{label}-{place // group}" if group else "")
        for label, count in counts.items()
        for place in range(count)
    )


def divided(samples: tuple[Sample, ...], seed: int = 7) -> list[SampleIndex]:
    index = SampleIndex(CLASSES, samples)
    return [with_splits(index, DatasetSettings(), seed, Fold(number, FOLDS)) for number in range(1, FOLDS + 1)]


def in_fold(index: SampleIndex) -> list[Sample]:
    return [sample for sample in index.samples if sample.split is Split.TEST]


@pytest.mark.parametrize("group", [0, 3])
def test_every_image_is_tested_on_once(group: int) -> None:
    samples = images(62, 33, group)
    folds = divided(samples)
    times = Counter(sample.path for fold in folds for sample in in_fold(fold))
    assert times == {sample.path: 1 for sample in samples}
    for fold in folds:
        assert {sample.split for sample in fold.samples} == set(Split)
        for label in range(2):
            assert {sample.split for sample in fold.samples if sample.label == label} == set(Split)


def test_folds_are_of_one_size_in_all_and_by_class() -> None:
    sizes = [Counter(sample.label for sample in in_fold(fold)) for fold in divided(images(62, 33))]
    assert sorted(size[0] for size in sizes) == [12, 12, 12, 13, 13]
    assert sorted(size[1] for size in sizes) == [6, 6, 7, 7, 7]
    assert {size.total() for size in sizes} == {19}


def test_groups_are_in_one_split_of_each_fold() -> None:
    for fold in divided(images(60, 30, group=3)):
        splits: dict[str, set[Split | None]] = {}
        for sample in fold.samples:
            splits.setdefault(sample.group, set()).add(sample.split)
        assert all(len(found) == 1 for found in splits.values())


def test_the_order_of_the_list_changes_nothing_and_the_seed_does() -> None:
    samples = images(40, 40)
    paths = [{sample.path for sample in in_fold(fold)} for fold in divided(samples)]
    assert [{sample.path for sample in in_fold(fold)} for fold in divided(samples[::-1])] == paths
    assert sorted(map(sorted, paths)) != sorted(
        sorted(sample.path for sample in in_fold(fold)) for fold in divided(samples, seed=8)
    )


def test_images_that_cannot_be_read_leave_whole_folds() -> None:
    samples = images(40, 40)
    again = [
        drawn_again_where_lost(
            [sample for sample in fold.samples if sample.path != "a/000.png"],
            CLASSES, fold.drawn, DatasetSettings(), 7, fold.fold,
        )
        for fold in divided(samples)
    ]  # fmt: skip
    times = Counter(sample.path for fold in again for sample in fold if sample.split is Split.TEST)
    assert times == {sample.path: 1 for sample in samples if sample.path != "a/000.png"}


def test_a_dataset_with_test_images_of_its_own_is_not_divided() -> None:
    samples = (*images(40, 40), Sample("test/1.png", 0, Split.TEST), Sample("test/2.png", 1, Split.TEST))
    with pytest.raises(DataError, match="has test images of its own; leave out folds"):
        divided(samples)


def test_classes_and_groups_that_are_too_few_are_told() -> None:
    with pytest.raises(EmptyClass, match='"b" has only 4 images, and 5 folds need one each'):
        divided(images(40, 4))
    with pytest.raises(DataError, match="groups"):
        divided(images(40, 12, group=4))
