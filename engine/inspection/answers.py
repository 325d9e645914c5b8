"""Several shipped models answer for images, side by side, each fed as it says of itself."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.contract.measurements import SkippedFile
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.image_file import SUFFIXES
from engine.inspection.asked_images import AskedFile
from engine.inspection.loaded_model import Answer, LoadedModel
from engine.measurement.accuracy import wilson_interval

Memory = dict[tuple[LoadedModel, str, int], Answer]
"""(model, image, when its file was changed) → what the model said of it."""
OTHER_SUFFIXES = (".dcm", ".nii", ".nii.gz")


@dataclass(frozen=True, slots=True)
class AnsweredImage:
    """One image and what each model says of it, in the models' order."""

    path: str
    """Of its file; "file#2" is the second of several images in one."""
    answers: tuple[Answer | None, ...]
    """None where a model could not be fed with it."""
    faults: tuple[str, ...]
    """Why not, in a few words; empty where it could."""
    true_classes: tuple[str | None, ...]
    """What its folders say, among each model's classes; None where they name none of them."""
    models_disagree: bool
    """Whether models of the same classes decide for different ones."""
    comparable: bool = True
    """Whether any two models tell the same classes apart."""

    @property
    def true_class(self) -> str:
        """Empty where no folder names a class of any model."""
        return next(filter(None, self.true_classes), "")

    @property
    def least_margin(self) -> float:
        """Of the model that is least sure."""
        return min((answer.margin for answer in self.answers if answer is not None), default=1.0)

    def is_right(self, model: int) -> bool | None:
        """None where nobody knows."""
        answer, known = self.answers[model], self.true_classes[model]
        return None if answer is None or known is None else answer.class_name == known


@dataclass(frozen=True)
class AskedModel:
    """What is known of a model without its interpreter."""

    name: str
    path: Path
    classes: tuple[str, ...]
    threshold: float | None = None
    """From which probability of the second of two classes on to decide for it, as the file carries it."""

    @classmethod
    def of(cls, model: LoadedModel) -> AskedModel:
        carried = model.shipped.feeding.threshold
        return cls(model.name, model.shipped.path, model.classes, carried.value if carried else None)


@dataclass(frozen=True)
class ModelSummary:
    """One model over all images that it has answered for."""

    answered: int
    labelled: int
    """Images whose folders name one of its classes."""
    right: int
    unsure: int
    latency_p50_ms: float | None

    @property
    def accuracy(self) -> float | None:
        """0 to 1; None where no image is labelled."""
        return self.right / self.labelled if self.labelled else None

    @property
    def accuracy_ci95(self) -> tuple[float, float] | None:
        """Wilson 95 % interval."""
        return wilson_interval(self.right, self.labelled) if self.labelled else None


@dataclass
class _Tally:
    """One model's counts, as they grow."""

    labelled: int = 0
    right: int = 0
    unsure: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    def count(self, answer: Answer, is_right: bool | None) -> None:
        self.labelled += is_right is not None
        self.right += is_right is True
        self.unsure += answer.is_unsure
        self.latencies_ms.append(answer.latency_ms)


class Answers:
    """All that was answered, as it grows."""

    def __init__(self, models: Sequence[AskedModel], skipped: Sequence[SkippedFile] = ()) -> None:
        self.models = tuple(models)
        self.images: list[AnsweredImage] = []
        self.skipped = list(skipped)
        self.disagreements = 0
        """Images on which models of the same classes decide differently."""
        self.unsure = 0
        """Images on which at least one model is unsure."""
        self._tallies = [_Tally() for _ in self.models]

    def add(self, one: AnsweredImage | SkippedFile) -> None:
        if isinstance(one, SkippedFile):
            self.skipped.append(one)
            return
        self.images.append(one)
        self.disagreements += one.models_disagree
        self.unsure += any(answer is not None and answer.is_unsure for answer in one.answers)
        for place, answer in enumerate(one.answers):
            if answer is not None:
                self._tallies[place].count(answer, one.is_right(place))

    def accuracy(self, model: int) -> float | None:
        """0 to 1; None where no folder names one of its classes."""
        tally = self._tallies[model]
        return tally.right / tally.labelled if tally.labelled else None

    def summary(self, model: int) -> ModelSummary:
        tally = self._tallies[model]
        latency = statistics.median(tally.latencies_ms) if tally.latencies_ms else None
        return ModelSummary(len(tally.latencies_ms), tally.labelled, tally.right, tally.unsure, latency)


def may_be_image(models: Sequence[LoadedModel]) -> Callable[[str], bool]:
    """Whether a file of such a name in a folder may be an image that one of the models reads."""
    any_name = any(model.shipped.feeding.reading.source == "dicom_folder" for model in models)
    return lambda name: any_name or name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES))


def answered(
    files: Sequence[AskedFile],
    models: Sequence[LoadedModel],
    progress: Progress = UNWATCHED,
    memory: Memory | None = None,
) -> Iterator[AnsweredImage | SkippedFile]:
    """Each image of the files as its answers come; a file or image that no model can be fed with as skipped.

    Args:
        memory: what was answered before is taken from it, and what is answered now is kept there.

    Raises:
        DataError: what a model gives are no probabilities.
        Cancelled: out of `progress`, asked before each model.
    """
    alike = _models_of_same_classes(models)
    memory = {} if memory is None else memory
    for done, file in enumerate(files):
        progress.report(done, len(files))
        try:
            names = _images_in(file.path, models)
            changed = file.path.stat().st_mtime_ns
        except OSError as error:
            yield SkippedFile(path=str(file.path), reason=error.strerror or str(error))
            continue
        for name in names:
            answers, faults = _answers_for(name, models, progress, memory, changed)
            if all(faults):
                yield SkippedFile(path=name, reason=faults[0])
                continue
            decided = [{one.class_name for at in places if (one := answers[at]) is not None} for places in alike]
            known = tuple(file.class_among(model.classes) for model in models)
            disagree = any(len(classes) > 1 for classes in decided)
            comparable = any(len(places) > 1 for places in alike)
            yield AnsweredImage(name, tuple(answers), tuple(faults), known, disagree, comparable)
    progress.report(len(files), len(files))


def _images_in(path: Path, models: Sequence[LoadedModel]) -> tuple[str, ...]:
    """By the first model whose source finds some in the file."""
    reasons = []
    for model in {model.shipped.feeding.reading.source: model for model in reversed(models)}.values():
        try:
            return model.shipped.images_in(path)
        except OSError as error:
            reasons.append(error.strerror or str(error))
    raise OSError(reasons[-1])


def _answers_for(
    name: str, models: Sequence[LoadedModel], progress: Progress, memory: Memory, changed: int
) -> tuple[list[Answer | None], list[str]]:
    """Each model's answer, or why there is none."""
    answers: list[Answer | None] = []
    faults: list[str] = []
    preparation = _Preparation(Path(name))
    for model in models:
        progress.raise_if_cancelled()
        answer, fault = memory.get((model, name, changed)), ""
        if answer is None:
            try:
                answer = memory[model, name, changed] = model.answer(preparation.fed(model))
            except (OSError, ValueError) as error:
                fault = str(error)
        answers.append(answer)
        faults.append(fault)
    return answers, faults


class _Preparation:
    """One image, read once for all models that read it alike, and prepared once for all that are fed alike."""

    def __init__(self, image: Path) -> None:
        self._image = image
        self._decoded: dict[object, np.ndarray | OSError | ValueError] = {}
        self._fed: dict[object, np.ndarray] = {}

    def fed(self, model: LoadedModel) -> np.ndarray:
        """
        Raises:
            OSError, ValueError: it cannot be read.
        """
        feeding = model.shipped.feeding
        fed_alike = feeding.pipeline()
        if fed_alike not in self._fed:
            self._fed[fed_alike] = model.shipped.fed(self._pixels(model))
        return self._fed[fed_alike]

    def _pixels(self, model: LoadedModel) -> np.ndarray:
        reading = model.shipped.feeding.reading
        if reading not in self._decoded:
            try:
                self._decoded[reading] = model.shipped.decoded(self._image)
            except (OSError, ValueError) as error:
                self._decoded[reading] = error
        found = self._decoded[reading]
        if isinstance(found, Exception):
            raise found
        return found


def _models_of_same_classes(models: Sequence[LoadedModel]) -> list[list[int]]:
    places: dict[frozenset[str], list[int]] = defaultdict(list)
    for place, model in enumerate(models):
        places[frozenset(model.classes)].append(place)
    return list(places.values())


def models_named(paths: Sequence[Path]) -> tuple[str, ...]:
    """A name for each file that tells it from the others: its own, or with the folder whose name differs.

    Raises:
        DataError: one file is named twice.
    """
    names = [path.stem for path in paths]
    resolved = [path.resolve() for path in paths]
    for place, path in enumerate(resolved):
        if path in resolved[:place]:
            raise DataError(f"{paths[place]} is named twice; name each model once.")
    return tuple(
        name if names.count(name) == 1 else f"{name} ({_telling_folder(path, resolved)})"
        for name, path in zip(names, resolved, strict=True)
    )


def _telling_folder(path: Path, paths: Sequence[Path]) -> str:
    """The innermost folder of a path that is not at the same place in all others of its name."""
    others = [one for one in paths if one.stem == path.stem and one != path]
    for depth, folder in enumerate(path.parents):
        if all(depth >= len(one.parents) or one.parents[depth].name != folder.name for one in others):
            return folder.name or str(folder)
    return str(path.parent)
