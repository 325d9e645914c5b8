"""`classify`: what one or more shipped models say of images, side by side."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from engine.contract.errors import EXIT_DONE, EXIT_STOPPED, Cancelled, DataError
from engine.contract.progress import Progress
from engine.inspection.answers import Answers, AskedModel, answered, may_be_image, models_named
from engine.inspection.answers_files import answers_csv, answers_document
from engine.inspection.asked_images import asked_files
from engine.inspection.loaded_model import LoadedModel
from engine.inspection.said_feeding import EXAMPLE, read_feeding
from engine.inspection.shipped_model import UnsaidFeeding
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from engine.measurement.tflite_file import TfliteFile
from engine.store.durable_file import write_durably
from ui.terminal.answers_table import answers_table, answers_text
from ui.terminal.plain_console import PLAIN_WIDTH

SHOWN_AFTER_S = 2.0
"""Work that takes longer shows how far it is."""
STOPPED = mark("Stopped; nothing was written.")


def classify_command(
    images: Sequence[Path], models: Sequence[Path], feeding: Path | None, json_file: Path | None, csv_file: Path | None
) -> int:
    """Print the answers, and write them where asked; returns the exit code."""
    for option, path in (("--json", json_file), ("--csv", csv_file)):
        _refuse_unwritable(option, path)
    with _ending_on_signal() as progress, _told_when_long(progress) as told:
        answers = _answers(images, models, feeding, told)
    if not answers.images:
        folders = ", ".join(map(str, images))
        if not answers.skipped:
            raise DataError(tr("There is no image to classify in {folders}.", folders=folders))
        first = answers.skipped[0]
        raise DataError(
            tr(
                "There is no image to classify in {folders}: {path} {reason}.",
                folders=folders,
                path=first.path,
                reason=recognised(first.reason),
            )
        )
    if json_file is not None:
        write_durably(json_file, json.dumps(answers_document(answers), indent=2, ensure_ascii=False) + "\n")
    if csv_file is not None:
        write_durably(csv_file, answers_csv(answers))
    console = Console()
    console = console if console.is_terminal else Console(width=PLAIN_WIDTH)
    console.print(answers_table(answers))
    for text in answers_text(answers):
        console.print(text, soft_wrap=True, highlight=False)
    return EXIT_DONE


def _answers(images: Sequence[Path], models: Sequence[Path], feeding: Path | None, progress: Progress) -> Answers:
    names = models_named(models)
    loaded = []
    for path, name in zip(models, names, strict=True):
        progress.raise_if_cancelled()
        with _without_chatter():
            loaded.append(_loaded(path, name, feeding))
    files = asked_files(images, may_be_image(loaded), progress)
    answers = Answers(tuple(map(AskedModel.of, loaded)), skipped=list(files.skipped))
    for one in answered(files.files, loaded, progress):
        answers.add(one)
    return answers


def _loaded(path: Path, name: str, feeding: Path | None) -> LoadedModel:
    try:
        return LoadedModel.open(path, name)
    except UnsaidFeeding as error:
        if feeding is None:
            way = tr("Or say it with --feeding FILE.json, such as {example}", example=EXAMPLE)
            raise DataError(f"{recognised(str(error))} {way}") from None
    return LoadedModel.open(path, name, read_feeding(feeding, TfliteFile.read(path)))


@contextmanager
def _without_chatter() -> Iterator[None]:
    """The interpreter's own library writes to standard error as it starts, where only our sentences belong."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a descriptor is needed
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _refuse_unwritable(option: str, path: Path | None) -> None:
    """Raises: DataError, before anything is computed that could then not be written."""
    if path is not None and path.is_dir():
        raise DataError(tr("{option} {path} is a folder; name a file in it.", option=option, path=path))
    if path is not None and not path.absolute().parent.is_dir():
        folder = path.absolute().parent
        raise DataError(
            tr("{option} {path}: there is no folder {folder}; make it first.", option=option, path=path, folder=folder)
        )


@contextmanager
def _ending_on_signal() -> Iterator[Progress]:
    """Ctrl-C and a polite kill end the work at the next image; a second one ends the program."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(number, lambda *_: sys.exit(EXIT_STOPPED))

    def raise_if_cancelled() -> None:
        if stopped.is_set():
            raise Cancelled(tr(STOPPED))

    if threading.current_thread() is not threading.main_thread():
        yield Progress()
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield Progress(raise_if_cancelled)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _told_when_long(progress: Progress) -> Iterator[Progress]:
    """On a terminal, a bar where the work takes longer than a moment; on standard error, so that pipes stay clean."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Bar(*columns, console=console, transient=True)
    task = bar.add_task(tr("Looking for images"), total=None)
    begin = time.monotonic()

    def show(done: int, total: int) -> None:
        if time.monotonic() - begin < SHOWN_AFTER_S:
            return
        if console.is_terminal and not bar.live.is_started:
            bar.start()
        bar.update(
            task,
            description=tr("Classifying") if total else tr("Looking for images"),
            completed=done,
            total=total or None,
        )

    try:
        yield Progress(progress.raise_if_cancelled, show)
    finally:
        # One that never began would write an empty line.
        if bar.live.is_started:
            bar.stop()
