"""Seeded, stratified splits for sources that have none, and the run's record of them."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, EmptyClass
from engine.contract.repeats import Fold
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.listing.fold_split import fold_numbers
from engine.datasets.listing.group_split import draw_by_group
from engine.datasets.listing.lot import lot
from engine.datasets.source import Sample, SampleIndex, Split
from engine.store.durable_file import write_durably


def with_splits(index: SampleIndex, settings: DatasetSettings, seed: int, fold: Fold | None = None) -> SampleIndex:
    """The index with every sample in a split.

    Validation and test images are drawn from training, the same share of each class, where the source has no such
    split. Which ones depends on the seed and each image's own name, so that adding a file moves few others. Where
    images have groups, whole groups are drawn. In a cross-validation the test images are those of the fold, and the
    validation images are drawn from the others.

    Raises:
        EmptyClass: a class has too few images for the splits that are needed.
        DataError: the groups of images cannot be divided, or a dataset with test images of its own is to be.
    """
    present = {sample.split for sample in index.samples}
    drawn = frozenset(split for split in (Split.VALIDATION, Split.TEST) if split not in present)
    if fold is not None:
        if Split.TEST not in drawn:
            raise DataError(
                f"folds = {fold.of} divides the images into parts to test on, and this dataset has test images of its "
                "own; leave out folds, or give the dataset without them."
            )
        samples = _with_fold(index.samples, index.classes, drawn, settings, seed, fold)
        return replace(index, samples=samples, drawn=drawn, fold=fold)
    if drawn and _has_groups(index.samples):
        members = [sample for sample in index.samples if sample.split in {None, Split.TRAIN}]
        assigned = draw_by_group(members, index.classes, drawn, settings, seed)
        return replace(index, samples=tuple(_moved(index.samples, assigned)), drawn=drawn)
    assigned = _draw_by_class(index.samples, index.classes, drawn, settings, seed)
    return replace(index, samples=tuple(_moved(index.samples, assigned)), drawn=drawn)


def _draw_by_class(
    samples: Sequence[Sample],
    classes: Sequence[str],
    drawn: frozenset[Split],
    settings: DatasetSettings,
    seed: int,
) -> dict[str, Split]:
    assigned: dict[str, Split] = {}
    by_class = _by_class(samples, {None, Split.TRAIN})
    for label, name in enumerate(classes):
        members = by_class[label]
        if len(members) <= len(drawn):
            others = (other for place, other in enumerate(classes) if len(by_class[place]) > len(drawn))
            raise EmptyClass(
                f'Class "{name}" has only {len(members)} training images; at least {len(drawn) + 1} are needed: '
                "add images, or leave the class out with dataset.classes.",
                name,
                tuple(others),
            )
        assigned |= _draw(members, drawn, settings, seed)
    return assigned


def _with_fold(
    samples: Sequence[Sample],
    classes: Sequence[str],
    drawn: frozenset[Split],
    settings: DatasetSettings,
    seed: int,
    fold: Fold,
) -> tuple[Sample, ...]:
    """The images of a fold as test images, and the others divided as if they were all."""
    divided = [sample for sample in samples if sample.split in {None, Split.TRAIN, *drawn}]
    number_of = fold_numbers(divided, classes, fold.of, seed)
    assigned = {path: Split.TEST if number == fold.number else Split.TRAIN for path, number in number_of.items()}
    moved = tuple(_moved(samples, assigned))
    left = drawn - {Split.TEST}
    if not left:
        return moved
    if _has_groups(moved):
        training = [sample for sample in moved if sample.split is Split.TRAIN]
        return tuple(_moved(moved, draw_by_group(training, classes, left, settings, seed)))
    return tuple(_moved(moved, _draw_by_class(moved, classes, left, settings, seed)))


def drawn_again_where_lost(
    samples: Sequence[Sample],
    classes: Sequence[str],
    drawn: frozenset[Split],
    settings: DatasetSettings,
    seed: int,
    fold: Fold | None = None,
) -> tuple[Sample, ...]:
    """The readable samples, with new splits for a class that has no readable image left in a split.

    Args:
        samples: all in a split, as `with_splits` gave it, without those that could not be read.
        drawn: the splits that were drawn; the others are the source's own, and kept.
        fold: of a cross-validation: then the readable images are divided anew, for every fold alike.
    """
    if fold is not None:
        return _with_fold(samples, classes, drawn, settings, seed, fold)
    assigned: dict[str, Split] = {}
    needed = {Split.TRAIN, *drawn}
    for members in _by_class(samples, needed).values():
        if {sample.split for sample in members} == needed or len(members) < len(needed):
            continue
        if _has_groups(samples):
            together = [sample for sample in samples if sample.split in needed]
            return tuple(_moved(samples, draw_by_group(together, classes, drawn, settings, seed)))
        assigned |= _draw(members, drawn, settings, seed)
    return tuple(_moved(samples, assigned))


def write_split_csv(path: Path, dataset: PreparedDataset) -> None:
    """Write path, label and split of every image that was used."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "label", "split"))
    split_of = {int(row): split for split, rows in dataset.splits.items() for row in rows}
    for row, split in sorted(split_of.items()):
        writer.writerow((dataset.paths[row], dataset.classes[dataset.labels[row]], split))
    write_durably(path, text.getvalue())


def _draw(members: Sequence[Sample], drawn: frozenset[Split], settings: DatasetSettings, seed: int) -> dict[str, Split]:
    """Path → split for the images of one class; at least one in each, and one to train on."""
    left = sorted(members, key=lambda sample: (lot(seed, sample.path), sample.path))
    assigned: dict[str, Split] = {}
    fractions = {Split.VALIDATION: settings.validation_fraction, Split.TEST: settings.test_fraction}
    wanted = [(split, fraction) for split, fraction in fractions.items() if split in drawn]
    for later, (split, fraction) in zip(reversed(range(len(wanted))), wanted, strict=True):
        most = len(left) - later - 1  # One for each split that follows, and one to train on.
        count = min(max(1, round(fraction * len(members))), most)
        assigned |= {sample.path: split for sample in left[:count]}
        left = left[count:]
    return assigned | {sample.path: Split.TRAIN for sample in left}


def _has_groups(samples: Iterable[Sample]) -> bool:
    return any(sample.group for sample in samples)


def _by_class(samples: Iterable[Sample], splits: Collection[Split | None]) -> dict[int, list[Sample]]:
    found: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.split in splits:
            found[sample.label].append(sample)
    return found


def _moved(samples: Iterable[Sample], assigned: dict[str, Split]) -> Iterable[Sample]:
    return (replace(sample, split=assigned.get(sample.path, sample.split)) for sample in samples)
