"""Pictures of test images, by class and number, never by name: some of each class, and changed predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.imaging.thumbnail import thumbnail
from engine.inspection.decision_changes import Change, Decision, change_counts, decisions
from engine.inspection.run_images import RunImages
from engine.report.content import Block, Prose, ReportFigure, ReportSection
from engine.report.drawing.picture_rows import PICTURES_PER_ROW, CaptionedPicture, PictureRow, draw_picture_rows
from engine.report.reported_run import ReportedRun
from engine.store.prediction_file import Predictions

PIXELS = 160
LONGEST_TITLE = 40
MAX_ROWS, MAX_VARIANTS = 5, 6
"""Of classes, more would not fit a page; and of variants."""
ROWS_PER_FIGURE = 3
LONGEST_NAME = 12
"""Letters that fit below a picture, beside a probability."""


@dataclass
class ShownPictures:
    """Decodes each image once, and remembers which could not be."""

    images: RunImages
    paths: Sequence[str]
    unreadable: set[int] = field(default_factory=set)
    _kept: dict[int, np.ndarray] = field(default_factory=dict)

    def get(self, row: int) -> np.ndarray | None:
        """uint8 (height, width[, 3]); None where the image is gone or cannot be read."""
        if row not in self._kept and row not in self.unreadable:
            try:
                self._kept[row] = thumbnail(self.images.decoded(self.paths[row]), PIXELS)
            except NutshellError:
                self.unreadable.add(row)
        return self._kept.get(row)


def gallery_section(run: ReportedRun, stem: str, progress: Progress = UNWATCHED) -> ReportSection | None:
    """None where the run keeps no predictions; they say which images were tested, and how.

    Raises:
        Cancelled: out of `progress`.
    """
    kept = run.predictions
    if kept is None or not kept.paths:
        return None
    first = next((one for one in run.variants if one.name in kept.variants), None)
    model = run.directory / first.file if first else None
    try:
        images = RunImages.of(run.directory, model=model)
    except NutshellError:
        return ReportSection("Pictures", (Prose("The images could not be opened again, so there are no pictures."),))
    pictures = ShownPictures(images, kept.paths)
    blocks = [*_of_classes(kept, stem, pictures, progress), *_changed(run, kept, stem, pictures, progress)]
    if pictures.unreadable:
        gone = len(pictures.unreadable)
        blocks.append(
            Prose(
                f"{gone:,} of the images that would be shown here could not be read again: they are not where the "
                "run read them, or changed since."
            )
        )
    return ReportSection("Pictures", tuple(blocks)) if blocks else None


def _of_classes(kept: Predictions, stem: str, pictures: ShownPictures, progress: Progress) -> Iterator[Block]:
    progress.phase("reading test images")
    if len(kept.classes) > MAX_ROWS:
        yield from _one_of_each_class(kept, stem, pictures, progress)
        return
    rows = []
    for label, name in enumerate(kept.classes):
        members = np.flatnonzero(kept.labels == label)
        spread = (
            members[np.unique(np.linspace(0, len(members) - 1, PICTURES_PER_ROW).round().astype(int))]
            if len(members)
            else members
        )
        shown = _shown(pictures, map(int, spread), lambda row: (f"test image {row + 1:,}",), progress)
        if shown:
            rows.append(PictureRow(_short(name, LONGEST_TITLE), shown))
    if not rows:
        return
    yield ReportFigure(
        f"{stem}test-images",
        "Test images, a row per class, evenly through the test set. Numbers are places in the test set.",
        "Rows of test images, one row per class.",
        lambda: draw_picture_rows(rows),
    )


def _one_of_each_class(
    kept: Predictions, stem: str, pictures: ShownPictures, progress: Progress
) -> Iterator[ReportFigure]:
    """Where there are many classes, the first test image of each."""
    most = MAX_ROWS * PICTURES_PER_ROW
    firsts = [int(np.flatnonzero(kept.labels == label)[0]) for label in np.unique(kept.labels)][:most]
    lines = {
        row: (_short(kept.classes[kept.labels[row]], LONGEST_NAME + 5), f"test image {row + 1:,}") for row in firsts
    }
    rows = [
        PictureRow("", _shown(pictures, firsts[place : place + PICTURES_PER_ROW], lines.__getitem__, progress))
        for place in range(0, len(firsts), PICTURES_PER_ROW)
    ]
    rows = [row for row in rows if row.pictures]
    if not rows:
        return
    more = len(kept.classes) - len(firsts)
    others = f" {more:,} more classes are not shown." if more > 0 else ""
    yield ReportFigure(
        f"{stem}test-images",
        f"The first test image of each class.{others} Numbers are places in the test set.",
        "Test images, one of each class.",
        lambda: draw_picture_rows(rows),
    )


def _changed(
    run: ReportedRun, kept: Predictions, stem: str, pictures: ShownPictures, progress: Progress
) -> Iterator[Block]:
    progress.phase("reading images whose prediction changed")
    rows: list[PictureRow] = []
    said = []
    comparable = [one for one in run.compressed if one.name in kept.variants and not one.dataset]
    compared = [one for one in comparable if run.baseline_of(one).name in kept.variants]
    for variant in compared:
        found = decisions(kept, variant.name, run.baseline_of(variant).name)
        counts = change_counts(found)
        changed = tuple(one for one in found if one.change is not Change.KEPT)
        said.append((variant.name, counts))
        if changed and len(rows) < MAX_VARIANTS:
            by_row = {one.row: one for one in changed}
            shown = _shown(pictures, by_row, partial(_told_of, by_row, kept), progress)
            title = (
                f"{_short(variant.name, LONGEST_TITLE)}: {len(changed):,} of {len(found):,} predictions changed, "
                f"{counts[Change.LOST]:,} to wrong, {counts[Change.WON]:,} to correct"
            )
            if shown:
                rows.append(PictureRow(title, shown))
    same = [name for name, counts in said if not sum(counts.values()) - counts[Change.KEPT]]
    if same:
        named = ", ".join(same)
        yield Prose(f"No prediction changed against the baseline: {named}.")
    for place in range(0, len(rows), ROWS_PER_FIGURE):
        number = f"-{place // ROWS_PER_FIGURE + 1}" if len(rows) > ROWS_PER_FIGURE else ""
        yield ReportFigure(
            f"{stem}changed-predictions{number}",
            "Test images to which a compressed file gives another class than its baseline, the worst first: those that "
            "only the baseline classifies correctly. Below each: its number and true class, then the prediction of "
            "baseline and file with their probabilities.",
            "Rows of test images whose prediction changed, one row per variant.",
            partial(draw_picture_rows, rows[place : place + ROWS_PER_FIGURE]),
        )


def _shown(
    pictures: ShownPictures, rows: Iterable[int], lines: Callable[[int], tuple[str, ...]], progress: Progress
) -> tuple[CaptionedPicture, ...]:
    found: list[CaptionedPicture] = []
    for row in rows:
        progress.raise_if_cancelled()
        if len(found) == PICTURES_PER_ROW:
            break
        pixels = pictures.get(row)
        if pixels is not None:
            found.append(CaptionedPicture(pixels, lines(row)))
    return tuple(found)


def _told_of(changed: Mapping[int, Decision], kept: Predictions, row: int) -> tuple[str, ...]:
    one, names = changed[row], kept.classes
    return (
        f"{one.row + 1:,}: {_short(names[one.label])}",
        f"{_short(names[one.before])} {one.before_probability:.2f}",
        f"→ {_short(names[one.after])} {one.after_probability:.2f}",
    )


def _short(name: str, most: int = LONGEST_NAME) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
