"""Checks every image of a dataset without keeping any: what a run would find, before it is started."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from engine.contract.dataset_check import DatasetCheck
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import SkippedFile
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.cache.found_range import FoundRange, find_range
from engine.datasets.cache.ordered_work import in_order
from engine.datasets.cache.preparation import scan
from engine.datasets.cache.splits import drawn_again_where_lost
from engine.datasets.checks.dataset_findings import dataset_findings
from engine.datasets.checks.image_checks import CheckedSample, check_dataset
from engine.datasets.files.image_traits import ImageTraits, image_traits
from engine.datasets.files.value_range import ValueRange
from engine.datasets.listing.grouping import group_findings
from engine.datasets.source import DATASETS, Sample, Split

AHEAD_PER_THREAD = 8
TOLD_EVERY = 16
"""Images between two calls of `progress`."""

KnownTraits = dict[tuple[str, str], ImageTraits | str]
"""(path, stamp) of an image → its traits, or why it cannot be read."""


@dataclass(frozen=True)
class Examination:
    """What was found in the images of a dataset, with its split."""

    dataset: DatasetSettings
    check: DatasetCheck
    listing: tuple[Finding, ...]
    """Of how the images were listed and divided."""
    range: FoundRange | None
    """The scale that the images have where the recipe gives none; None where their type says it."""
    unreadable: tuple[SkippedFile, ...]
    counts: dict[str, dict[str, int]]
    """split → class → images, without those that cannot be read or are left out."""

    def findings(self, images: ImageSettings) -> tuple[Finding, ...]:
        """What a run with these image settings would say of the dataset."""
        of_range = self.range.finding() if self.range is not None and images.value_range is None else None
        return (
            *self._refusals(),
            *self.listing,
            *filter(None, (of_range,)),
            *dataset_findings(self.check, self.counts, self.dataset, images),
        )

    def _refusals(self) -> Iterator[Finding]:
        """Why a run would refuse the images, once it has looked at them."""
        why = f", after {self.check.left_out:,} duplicates were left out" if self.check.left_out else ""
        for name, count in self.counts[Split.TRAIN].items():
            if not count:
                message = f'The class "{name}" has no readable image to train on{why}. Add images, or leave it out.'
                yield Finding(severity=Severity.ERROR, where="dataset.classes", message=message)
        for split, counts in self.counts.items():
            if not any(counts.values()):
                message = f"There is no readable {split} image{why}. Add images to that split."
                yield Finding(severity=Severity.ERROR, where="dataset", message=message)


def examine(
    dataset: DatasetSettings,
    seed: int,
    cache: Path,
    known: KnownTraits,
    progress: Progress = UNWATCHED,
    value_range: tuple[float, float] | None = None,
) -> Examination:
    """Decode every image that is not known yet, and judge them all.

    Args:
        cache: where an archive is unpacked.
        known: filled with what is found, so that another split or rule costs no decoding.
        value_range: the recipe's; None: that of the training images, where their type does not say it.

    Raises:
        DataError, RecipeError: the dataset cannot be used.
        Cancelled: out of `progress`; what was found so far is in `known`.
    """
    index = scan(dataset, seed, progress, cache)
    source = DATASETS[dataset.kind](dataset, seed, cache)
    used, found_range = None, None
    if value_range is not None:
        used = ValueRange(*value_range, of_all_images=True)
    elif (found_range := find_range(source, index.samples, progress)) is not None:
        used = found_range.used
    source = DATASETS[dataset.kind](dataset, seed, cache, used)

    def look(sample: Sample) -> tuple[Sample, ImageTraits | str]:
        try:
            return sample, image_traits(source.decode(sample))
        except (OSError, ValueError, MemoryError) as error:
            return sample, str(error) or type(error).__name__

    new = [sample for sample in index.samples if _name(sample) not in known]
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for done, (sample, found) in enumerate(in_order(pool, look, new, threads * AHEAD_PER_THREAD)):
            known[_name(sample)] = found
            if done % TOLD_EVERY == 0:
                progress.report(done, len(new))
    found_of = {sample: known[_name(sample)] for sample in index.samples}
    unreadable = {sample: found for sample, found in found_of.items() if isinstance(found, str)}
    readable = [sample for sample in index.samples if sample not in unreadable]
    split = drawn_again_where_lost(readable, index.classes, index.drawn, dataset, seed)
    rows = [CheckedSample(sample.path, sample.label, sample.split or Split.TRAIN) for sample in split]
    traits = [found for found in found_of.values() if isinstance(found, ImageTraits)]
    checked = check_dataset(rows, traits, index.classes, dataset, progress)
    counts = Counter((row.split, row.label) for row, gone in zip(rows, checked.left_out, strict=True) if not gone)
    return Examination(
        dataset,
        checked.check,
        (*index.findings, *group_findings(split, dataset)),
        found_range,
        tuple(SkippedFile(path=sample.path, reason=reason) for sample, reason in unreadable.items()),
        {one.value: {name: counts[one, label] for label, name in enumerate(index.classes)} for one in Split},
    )


def _name(sample: Sample) -> tuple[str, str]:
    return sample.path, sample.stamp
