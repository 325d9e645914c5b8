"""The test images of a variant by what they contain, and in what those of two variants differ."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.contract.measurements import VariantMeasurement
from engine.datasets.cache.pixel_digests import kept_digests
from engine.datasets.source import Split
from engine.store.prediction_file import Predictions
from engine.store.run_hashes import is_damaged


@dataclass(frozen=True)
class VariantImages:
    """In a fixed order, which is the same for the same images."""

    keys: tuple[str, ...]
    """Of each image: its content, where the run kept that, else its path."""
    labels: tuple[str, ...]
    """The name of its class."""
    by_content: bool
    paths: tuple[str, ...]
    classes: tuple[str, ...] = ()
    """In the order of the network's outputs; empty where the run did not keep them."""
    predicted: np.ndarray | None = None
    """What the file predicts: index into the classes, int64 (images,); None where the run did not keep it."""
    origin: str = ""
    """Which dataset the paths are of: a path alone does not tell an image from another dataset's."""

    @property
    def right(self) -> np.ndarray | None:
        """Whether the file classifies each image rightly, int64 (images,); None where the run did not keep it."""
        return None if self.predicted is None else (self.predicted == self.label_places).astype(np.int64)

    @property
    def label_places(self) -> np.ndarray:
        """Index into the classes, int64 (images,)."""
        return np.array([self.classes.index(label) for label in self.labels], dtype=np.int64)

    def by_path(self) -> VariantImages:
        """As of a run that did not keep what its images contain."""
        keys = tuple(f"{self.origin}\0{path}" for path in self.paths)
        return _ordered(keys, self.labels, False, self.paths, self.classes, self.predicted, self.origin)


def read_variant_images(
    directory: Path, variant: VariantMeasurement, known: dict[Path, Predictions] | None = None, origin: str = ""
) -> VariantImages:
    """
    Args:
        directory: of the run that the variant is of.
        known: files that were read before, to which this one is added: all variants of a run may share one.
        origin: which dataset the paths are of.

    Raises:
        DataError: neither its predictions nor its table of splits can be read.
    """
    if not variant.predictions:
        return _of_split(directory, variant, origin)
    known = {} if known is None else known
    file = directory / variant.predictions
    if file not in known:
        known[file] = _read(directory, file)
    kept = known[file]
    labels = tuple(kept.classes[label] for label in kept.labels)
    predicted = kept.predicted[kept.place(variant.name)] if variant.name in kept.variants else None
    digests = _digests(directory, variant, kept.paths)
    return _ordered(digests or kept.paths, labels, bool(digests), kept.paths, kept.classes, predicted, origin)


def _read(directory: Path, file: Path) -> Predictions:
    try:
        if is_damaged(directory, file):
            raise DataError(f"{file} is damaged; run the recipe again, which computes what is missing only.")
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}); run the recipe again.") from None
    return Predictions.read(file)


def image_differences(first: VariantImages, second: VariantImages) -> list[str]:
    """What there is to say of the second's test images beside the first's; empty where they are the same ones."""
    if not (first.by_content and second.by_content):
        first, second = first.by_path(), second.by_path()
    if (first.keys, first.labels) == (second.keys, second.labels):
        return []
    said = []
    if len(first.keys) != len(second.keys):
        said.append(f"another number: {len(second.keys):,} instead of {len(first.keys):,}")
    shared = sum((Counter(first.keys) & Counter(second.keys)).values())
    if shared < max(len(first.keys), len(second.keys)):
        said.append(f"other images: {shared:,} are the same" + _replaced(first, second))
    relabelled = shared - sum((Counter(_labelled(first)) & Counter(_labelled(second))).values())
    if relabelled:
        said.append(f"other labels: {relabelled:,} of the same images are of another class")
    return said


def are_same_images(first: VariantImages, second: VariantImages) -> bool:
    return not image_differences(first, second)


def aligned(first: VariantImages, second: VariantImages) -> tuple[VariantImages, VariantImages]:
    """Both in one order, where they are the same images."""
    if first.by_content and second.by_content:
        return first, second
    return first.by_path(), second.by_path()


def _replaced(first: VariantImages, second: VariantImages) -> str:
    """How many have a path that both know, and another content."""
    if not first.by_content:
        return ""
    contents = dict(zip(first.paths, first.keys, strict=True))
    pairs = zip(second.paths, second.keys, strict=True)
    changed = sum(path in contents and contents[path] != key for path, key in pairs)
    return f", and {changed:,} have the same path but another content" if changed else ""


def _labelled(images: VariantImages) -> list[tuple[str, str]]:
    return list(zip(images.keys, images.labels, strict=True))


def _ordered(
    keys: tuple[str, ...],
    labels: tuple[str, ...],
    by_content: bool,
    paths: tuple[str, ...],
    classes: tuple[str, ...] = (),
    predicted: np.ndarray | None = None,
    origin: str = "",
) -> VariantImages:
    order = sorted(range(len(keys)), key=lambda place: (keys[place], labels[place], paths[place]))
    return VariantImages(
        tuple(keys[place] for place in order),
        tuple(labels[place] for place in order),
        by_content,
        tuple(paths[place] for place in order),
        classes,
        None if predicted is None else predicted[order],
        origin,
    )


def _digests(directory: Path, variant: VariantMeasurement, paths: Sequence[str]) -> tuple[str, ...]:
    """Of the pixels of each image; empty where the run did not keep them all, and of another dataset's images."""
    known = {} if variant.dataset else kept_digests(directory / variant.split)
    return tuple(known[path] for path in paths) if known.keys() >= set(paths) else ()


def _of_split(directory: Path, variant: VariantMeasurement, origin: str) -> VariantImages:
    path = directory / variant.split
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["split"] == Split.TEST]
        paths, labels = tuple(row["path"] for row in rows), tuple(row["label"] for row in rows)
    except (OSError, KeyError, TypeError, ValueError, csv.Error):
        raise DataError(f"{path} cannot be read as the run's table of splits; run its recipe again.") from None
    digests = _digests(directory, variant, paths)
    return _ordered(digests or paths, labels, bool(digests), paths, origin=origin)
