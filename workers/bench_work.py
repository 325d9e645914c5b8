"""Several models answer for images in a thread: answers are told as they come, and the newest request wins."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from engine.contract.errors import DataError, NutshellError
from engine.contract.progress import Progress
from engine.imaging.thumbnail import thumbnail
from engine.inspection.activation_map import ActivationMaps
from engine.inspection.answers import (
    AnsweredImage,
    Answers,
    AskedModel,
    Memory,
    answered,
    may_be_image,
)
from engine.inspection.asked_images import asked_files
from engine.inspection.loaded_model import LoadedModel
from engine.inspection.observed_file import ObservedFile
from engine.inspection.said_feeding import understood_feeding
from engine.inspection.shipped_model import ShippedModel, UnsaidFeeding
from engine.inspection.standard_metadata import standard_metadata
from engine.measurement.tflite_file import TfliteFile
from workers.latest_call import LatestCall

MOST_REMEMBERED = 200_000
"""Answers that are kept so that another model or a second look costs no more than itself."""
PICTURE_PIXELS = 640


@dataclass(frozen=True)
class ChosenModel:
    """A model that the user has put on the bench."""

    path: Path
    name: str
    """What tells it from the others."""
    feeding: str = ""
    """What the user has said of how to feed it, as JSON; empty: the file says it."""


@dataclass(frozen=True)
class UnsaidModel:
    """What is known of a model that does not say how to feed it."""

    path: Path
    file: TfliteFile = field(repr=False)
    input_shape: tuple[int, int, int]
    """(height, width, channels)."""
    classes: int
    labels: tuple[str, ...]
    """Of its classes, where it has some; may be empty."""


@dataclass(frozen=True)
class ReadModel:
    """What became of a chosen model."""

    chosen: ChosenModel
    shipped: ShippedModel | None = None
    unsaid: UnsaidModel | None = None
    """Set where the user has to say how to feed it."""
    fault: str = ""
    """Why it cannot be used."""


class BenchWork(QObject):
    """Keeps the interpreters of the models on the bench, in its thread."""

    models_read = Signal(object)
    """A tuple of `ReadModel`, in the order of the request."""
    begun = Signal(object)
    """Empty `Answers`: of which models they will be."""
    answered = Signal(object)
    """A list of `AnsweredImage` and `SkippedFile`, some at a time."""
    progressed = Signal(int, int)
    """(files done, files), files 0 while they are looked for."""
    finished = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bench = _Bench()
        self._told: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._call = LatestCall("test-bench", self)
        self._call.progressed.connect(self._on_progressed)
        self._call.succeeded.connect(self._on_succeeded)
        self._call.failed.connect(self._on_failed)

    def request(self, models: Sequence[ChosenModel], images: Sequence[Path]) -> None:
        """Let these models answer for these images and folders, and forget what was asked before."""
        # A queue of its own: what an overtaken request still says is heard by nobody.
        told = self._told = queue.SimpleQueue()
        bench, asked_models, asked_paths = self._bench, tuple(models), tuple(images)
        self._call.request(lambda progress: bench.answer(asked_models, asked_paths, told, progress))

    def cancel(self) -> None:
        """End at the next image; what was answered stays."""
        self._hear()
        self._call.call_off()

    def shut_down(self) -> None:
        """End the thread."""
        self._call.shut_down()

    @Slot(int, int)
    def _on_progressed(self, done: int, total: int) -> None:
        self._hear()
        self.progressed.emit(done, total)

    @Slot(object)
    def _on_succeeded(self, _: object) -> None:
        self._hear()
        self.finished.emit()

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._hear()
        self.failed.emit(sentence)

    def _hear(self) -> None:
        """Pass on what the thread has told so far."""
        images: list[object] = []
        while not self._told.empty():
            match one := self._told.get():
                case tuple():
                    self.models_read.emit(one)
                case Answers():
                    self.begun.emit(one)
                    if one.skipped:
                        images += one.skipped
                        one.skipped = []
                case _:
                    images.append(one)
        if images:
            self.answered.emit(images)


class _Bench:
    """What stays loaded between requests; used by the worker's thread alone."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[Path, str, int], LoadedModel] = {}
        """By the file, what the user has said of it, and when it was changed."""
        self._memory: Memory = {}

    def answer(
        self,
        models: Sequence[ChosenModel],
        paths: Sequence[Path],
        told: queue.SimpleQueue[object],
        progress: Progress,
    ) -> None:
        """
        Raises:
            DataError: there is no such path.
            Cancelled: out of `progress`.
        """
        self._forget_others(models)
        ready: list[LoadedModel] = []
        states = []
        for chosen in models:
            progress.report(0, 0)
            state, loaded = self._read(chosen)
            states.append(state)
            ready += [loaded] if loaded is not None else []
        told.put(tuple(states))
        progress.report(0, 0)
        if not ready or not paths:
            return
        files = asked_files(paths, may_be_image(ready), progress)
        told.put(Answers(tuple(map(AskedModel.of, ready)), skipped=list(files.skipped)))
        for one in answered(files.files, ready, progress, self._memory):
            told.put(one)
        if len(self._memory) > MOST_REMEMBERED:
            self._memory.clear()

    def _read(self, chosen: ChosenModel) -> tuple[ReadModel, LoadedModel | None]:
        try:
            key = (chosen.path, chosen.feeding, chosen.path.stat().st_mtime_ns)
            loaded = self._loaded.get(key)
            if loaded is None:
                feeding = None
                if chosen.feeding:
                    feeding = understood_feeding(chosen.feeding, TfliteFile.read(chosen.path), chosen.path.name)
                loaded = self._loaded[key] = LoadedModel.open(chosen.path, chosen.name, feeding)
            loaded.name = chosen.name
            return ReadModel(chosen, shipped=loaded.shipped), loaded
        except UnsaidFeeding as error:
            return _unsaid(chosen, str(error)), None
        except OSError as error:
            return ReadModel(chosen, fault=f"{chosen.path} cannot be read ({error.strerror})."), None
        except NutshellError as error:
            return ReadModel(chosen, fault=str(error)), None

    def _forget_others(self, models: Sequence[ChosenModel]) -> None:
        wanted = {(model.path, model.feeding) for model in models}
        self._loaded = {key: loaded for key, loaded in self._loaded.items() if key[:2] in wanted}
        kept = set(map(id, self._loaded.values()))
        self._memory = {key: answer for key, answer in self._memory.items() if id(key[0]) in kept}


def _unsaid(chosen: ChosenModel, sentence: str) -> ReadModel:
    content = chosen.path.read_bytes()
    file = TfliteFile.parse(content, chosen.path.name)
    if len(file.input.shape) != 4 or len(file.output.shape) != 2:
        return ReadModel(chosen, fault=f"{chosen.path.name} is no image classifier.")
    _, height, width, channels = file.input.shape
    classes = max(file.output.shape[1], 2)
    labels = standard_metadata(content).labels
    unsaid = UnsaidModel(chosen.path, file, (height, width, channels), classes, labels)
    return ReadModel(chosen, unsaid=unsaid, fault=sentence)


def maps_of(
    image: AnsweredImage, models: Sequence[ShippedModel], progress: Progress
) -> tuple[np.ndarray, tuple[np.ndarray | None, ...]]:
    """An answered image, small, and where each model looks for the class that it decides for.

    Returns:
        uint8 (height, width[, 3]); for each model float32 (height', width'), 0 or more, None where it has no map or
        cannot be fed the image.

    Raises:
        DataError: the image cannot be read any more.
    """
    picture = picture_of(image, models, progress)
    found: list[np.ndarray | None] = []
    for model in models:
        progress.raise_if_cancelled()
        try:
            file = ObservedFile(model)
            fed = model.fed(model.decoded(Path(image.path)))
            found.append(ActivationMaps(file).of_class(file.decision(fed)).evidence)
        except (NutshellError, OSError, ValueError):
            found.append(None)
    return picture, tuple(found)


def picture_of(image: AnsweredImage, models: Sequence[ShippedModel], progress: Progress) -> np.ndarray:
    """An answered image for the screen: uint8, at most `PICTURE_PIXELS` a side.

    Raises:
        DataError: it cannot be read any more.
    """
    reason = "there is no model to read it with"
    for model in models:
        progress.raise_if_cancelled()
        try:
            return thumbnail(model.decoded(Path(image.path)), PICTURE_PIXELS)
        except (OSError, ValueError) as error:
            reason = str(error)
    raise DataError(f"{image.path}: {reason}.")
