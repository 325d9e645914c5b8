"""What all sources do once they know their samples: choose among the classes, limit, name rows, and fingerprint."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.findings import Finding, Severity
from engine.contract.measurements import SkippedFile
from engine.contract.registry import unknown_name_message
from engine.datasets.source import Sample, SampleIndex, Split

MOST_ALIKE_NAMED = 5
NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{0,15})?")


def one_form(name: str) -> str:
    """A class's name with each accented letter as one character, however a file system or an editor wrote it (NFC)."""
    return unicodedata.normalize("NFC", name)


def in_natural_order(names: Iterable[str]) -> list[str]:
    """Names sorted, with numbers in them by their value: "2" before "10"."""
    return sorted(names, key=lambda name: ([_part(text) for text in re.split(r"([0-9]+)", name)], name))


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdecimal() and text.isascii() else (1, 0, text)


def chosen_classes(settings: DatasetSettings, found: Sequence[str], noun: str = "class") -> tuple[str, ...]:
    """The classes asked for, in that order, else all that were found.

    Raises:
        DataError: one is not there, or there is one only.
    """
    asked = tuple(map(one_form, settings.classes))
    for name in asked:
        if name not in found:
            raise DataError(f"dataset.classes: {unknown_name_message(noun, name, list(found))}")
    classes = asked or tuple(found)
    if len(classes) < 2 <= len(found):
        raise DataError(f"dataset.classes names only one class ({classes[0]}); a classifier needs at least two.")
    return classes


def alike_findings(classes: Sequence[str], where: str) -> Iterator[Finding]:
    """Tells of classes whose names differ only in capitals, spaces, or how a number is written, such as 1 and 1.0."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in classes:
        alike[_meaning(name)].append(name)
    several = [" and ".join(f'"{name}"' for name in names) for names in alike.values() if len(names) > 1]
    if several:
        more = f", and {len(several) - MOST_ALIKE_NAMED:,} more" if len(several) > MOST_ALIKE_NAMED else ""
        message = (
            f"Some classes differ only in how they are written: {'; '.join(several[:MOST_ALIKE_NAMED])}{more}. Each "
            "counts as a class of its own; where they mean the same, write them the same way."
        )
        yield Finding(severity=Severity.WARNING, where=where, message=message)


def _meaning(name: str) -> str:
    plain = " ".join(name.replace("_", " ").split()).casefold()
    if NUMBER.fullmatch(plain):
        return f"{float(plain):g}"
    return plain


def sample_index(
    classes: tuple[str, ...],
    samples: Iterable[Sample],
    settings: DatasetSettings,
    seed: int,
    skipped: Iterable[SkippedFile] = (),
    findings: Iterable[Finding] = (),
) -> SampleIndex:
    """The samples by class, at most `limit_per_class` of each class and split, with their fingerprint."""
    by_class: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_class[sample.label].append(sample)
    kept = tuple(
        sample
        for label in range(len(classes))
        for sample in _limited(by_class[label], settings.limit_per_class, seed, label)
    )
    digest = hashlib.sha256(repr(classes).encode())
    for sample in kept:
        digest.update(f"{sample.path}\0{sample.label}\0{sample.split}\0{sample.stamp}\n".encode())
    return SampleIndex(classes, kept, tuple(skipped), digest.hexdigest(), tuple(findings))


def row_samples(
    array: str, values: Sequence[int], names: Sequence[str], classes: Sequence[str], split: Split, stamp: str
) -> Iterator[Sample]:
    """The samples of an array of images, called "array#row", of those classes that are used.

    Args:
        values: of each row, its place in `names`.

    Raises:
        DataError: a row's class has no name.
    """
    labels = {names.index(name): label for label, name in enumerate(classes)}
    for row, value in enumerate(values):
        if not 0 <= value < len(names):
            raise DataError(f"{array} has the label {value} in row {row}, but there are {len(names)} classes only.")
        if value in labels:
            yield Sample(f"{array}#{row}", labels[value], split, stamp)


def array_and_row(sample: Sample) -> tuple[str, int]:
    """What `row_samples` called "array#row"."""
    array, _, row = sample.path.rpartition("#")
    return array, int(row)


def _limited(samples: Sequence[Sample], limit: int, seed: int, label: int) -> Sequence[Sample]:
    """A seeded choice of at most `limit` samples of each split, in their order; 0: all."""
    if not limit:
        return samples
    kept: set[int] = set()
    for split in {sample.split for sample in samples}:
        places = [place for place, sample in enumerate(samples) if sample.split is split]
        generator = np.random.default_rng((seed, label, len(split or "")))
        kept |= {places[chosen] for chosen in generator.permutation(len(places))[:limit]}
    return [sample for place, sample in enumerate(samples) if place in kept]
