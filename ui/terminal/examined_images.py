"""Looks at the pixels of a recipe's images for `check`, and says what a run would say of them."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.text import Text

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.findings import Finding
from engine.contract.image_settings import ImageSettings
from engine.contract.progress import Progress
from engine.datasets.examination import Examination, examine
from engine.datasets.source import DATASETS, SampleIndex, Split
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text, tr, tr_count
from engine.store.locations import Locations

MOST_EXAMINED = 5_000
"""Of more images the pixels are not looked at: that takes minutes."""
SILENT_S = 2.0
"""Nobody needs to be told of work that is done sooner."""
TOLD_EVERY_S = 0.5


def print_images(
    console: Console,
    dataset: DatasetSettings,
    index: SampleIndex,
    images: ImageSettings,
    seed: int,
    locations: Locations,
) -> tuple[Finding, ...]:
    """Print the counts that a run would use, and which files it would skip; returns what it would say of the images.

    Raises:
        DataError: the images cannot be used.
    """
    several = len(index.samples) > MOST_EXAMINED
    examined = None
    if not several and not DATASETS[dataset.kind].draws_images:
        examined = _examined(dataset, images, seed, locations)
    listed = {split: sum(sample.split is split for sample in index.samples) for split in Split}
    used = {split: sum(examined.counts[split].values()) for split in Split} if examined else listed
    counts = ", ".join(f"{number_text(f'{count:,}')} {recognised(split.value)}" for split, count in used.items())
    console.print(
        tr(
            "{count} classes ({names}); images: {counts}{gone}",
            count=len(index.classes),
            names=", ".join(index.classes),
            counts=counts,
            gone=_gone(examined),
        )
    )
    for skipped in (*index.skipped, *(examined.unreadable if examined else ())):
        said = tr("skipped {path}: {reason}", path=skipped.path, reason=recognised(skipped.reason))
        console.print(Text(said, style="yellow"))
    if several:
        console.print(
            tr(
                "Pixels were not looked at, as there are more than {most:,} images: the run finds copies, "
                "unreadable files and value ranges, and may use fewer images than counted here.",
                most=MOST_EXAMINED,
            )
        )
    return examined.findings(images) if examined else index.findings


def _examined(dataset: DatasetSettings, images: ImageSettings, seed: int, locations: Locations) -> Examination:
    told = _Told()
    try:
        return examine(dataset, seed, locations.image_cache, {}, Progress(on_report=told.report), images.value_range)
    finally:
        told.end()


def _gone(examined: Examination | None) -> str:
    if examined is None:
        return ""
    copies, unreadable = examined.check.left_out, len(examined.unreadable)
    parts = [
        tr_count("{count:,} copy left out", "{count:,} copies left out", copies) if copies else "",
        tr("{unreadable:,} unreadable", unreadable=unreadable) if unreadable else "",
    ]
    return "".join(f"; {part}" for part in parts if part)


class _Told:
    """Tells on the error stream how far a longer look is."""

    def __init__(self) -> None:
        self._next = time.monotonic() + SILENT_S
        self._is_open = False

    def report(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + TOLD_EVERY_S
        of_all = tr(" of {total:,}", total=total) if total else ""
        text = tr("Looking at the images: {done:,}{of_all}", done=done, of_all=of_all)
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text} ")
            sys.stderr.flush()
        elif not self._is_open:
            sys.stderr.write(f"{text}…\n")
        self._is_open = True

    def end(self) -> None:
        if self._is_open and sys.stderr.isatty():
            sys.stderr.write("\n")
