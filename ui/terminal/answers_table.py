"""The answers of several models as the command line prints them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from engine.datasets.files.printable import printable
from engine.inspection.answers import AnsweredImage, Answers
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.answer_words import answer_text, counts_text, summary_text

MOST_SKIPPED = 20
"""Skipped files that are printed one by one; `--json` and `--csv` have all."""


def answers_table(answers: Answers) -> Table:
    """One row per image, one column per model: class, probability, time of the interpreter's call."""
    labelled = any(image.true_class for image in answers.images)
    table = Table(title=tr("Class, probability and time of one call"), title_justify="left")
    table.add_column(tr("image"), overflow="fold", min_width=12)
    if labelled:
        table.add_column(tr("folder"), overflow="fold")
    for model in answers.models:
        table.add_column(printable(model.name), overflow="fold")
    if len(answers.models) > 1:
        table.add_column(tr("models"))
    shared = _shared_folder(answers.images)
    for image in answers.images:
        shown = str(Path(image.path).relative_to(shared)) if shared else image.path
        row = [Text(printable(shown)), *([Text(printable(image.true_class))] if labelled else [])]
        for place in range(len(answers.models)):
            right = image.is_right(place)
            row.append(Text(printable(answer_text(image, place)), style="red" if right is False else ""))
        if len(answers.models) > 1:
            said = Text(tr("disagree"), style="yellow") if image.models_disagree else Text(tr("agree"))
            row.append(said if image.comparable else Text("–"))
        table.add_row(*row)
    return table


def answers_text(answers: Answers) -> Iterator[Text]:
    """What is said below the table: a line per model, counts, and what was skipped."""
    for place, model in enumerate(answers.models):
        yield Text.assemble((printable(model.name), "bold"), ": ", summary_text(answers.summary(place)))
    yield Text(counts_text(answers))
    for one in answers.skipped[:MOST_SKIPPED]:
        yield Text(
            tr("skipped {path}: {reason}", path=printable(one.path), reason=recognised(printable(one.reason))),
            style="yellow",
        )
    for image in answers.images:
        for model, fault in zip(answers.models, image.faults, strict=True):
            if fault:
                yield Text(
                    tr(
                        "{path} not fed to {name}: {fault}",
                        path=printable(image.path),
                        name=printable(model.name),
                        fault=recognised(fault),
                    ),
                    style="yellow",
                )
    if len(answers.skipped) > MOST_SKIPPED:
        more = len(answers.skipped) - MOST_SKIPPED
        yield Text(tr("and {more:,} more files skipped; --json lists all", more=more), style="yellow")


def _shared_folder(images: list[AnsweredImage]) -> Path | None:
    """The folder that all lie in, so that it is not printed in each row; None: there is none, or one image only."""
    folders = {Path(image.path).parent for image in images}
    common = Path(*_common_parts([folder.parts for folder in folders]))
    return common if len(images) > 1 and common.parts else None


def _common_parts(several: list[tuple[str, ...]]) -> list[str]:
    common = []
    for parts in zip(*several, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return common
