"""Seeded, stratified splits for sources that have none, and the run's record of them."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.recipe import DatasetSettings
from engine.datasets.prepared import PreparedDataset
from engine.datasets.source import Sample, SampleIndex, Split
from engine.store.durable_file import write_durably


def with_splits(index: SampleIndex, settings: DatasetSettings, seed: int) -> SampleIndex:
    """The index with every sample in a split.

    Validation and test images are drawn from training, the same share of each class, where the source has no such
    split. Which ones depends on the seed and each image's own name, so that adding a file moves few others.

    Raises:
        DataError: a class has too few images for the splits that are needed.
    """
    present = {sample.split for sample in index.samples if sample.split is not None}
    wanted = {
        split: fraction
        for split, fraction in ((Split.VALIDATION, settings.validation_fraction), (Split.TEST, settings.test_fraction))
        if split not in present
    }
    by_class: dict[int, list[Sample]] = defaultdict(list)
    for sample in index.samples:
        if sample.split in (None, Split.TRAIN):
            by_class[sample.label].append(sample)
    drawn: dict[str, Split] = {}
    for label, name in enumerate(index.classes):
        members = sorted(by_class[label], key=lambda sample: (_draw(seed, sample.path), sample.path))
        if len(members) < len(wanted) + 1:
            raise DataError(
                f'The class "{name}" has {len(members)} images to train on, and {len(wanted) + 1} are needed at least; '
                "add images, or leave the class out."
            )
        start = 0
        for split, fraction in wanted.items():
            count = max(1, round(fraction * len(members)))
            drawn |= {sample.path: split for sample in members[start : start + count]}
            start += count
    samples = tuple(
        replace(sample, split=drawn.get(sample.path, Split.TRAIN)) if sample.split in (None, Split.TRAIN) else sample
        for sample in index.samples
    )
    return replace(index, samples=samples)


def write_split_csv(path: Path, dataset: PreparedDataset) -> None:
    """Write path, label and split of every image that was used."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "label", "split"))
    split_of = {int(row): split for split, rows in dataset.splits.items() for row in rows}
    for row, (sample, label) in enumerate(zip(dataset.paths, dataset.labels, strict=True)):
        writer.writerow((sample, dataset.classes[label], split_of[row]))
    write_durably(path, text.getvalue())


def _draw(seed: int, path: str) -> bytes:
    # Class folder and file name only: the same images elsewhere are split the same way.
    name = "/".join(Path(path).parts[-2:])
    return hashlib.sha256(f"{seed}\0{name}".encode(errors="surrogateescape")).digest()
