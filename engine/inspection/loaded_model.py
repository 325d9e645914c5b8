"""A shipped model in an interpreter, ready to answer; what it says of itself is held against the file first."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import EXIT_FAILED, DataError, NutshellError
from engine.export.feeding_description import Feeding
from engine.feeding.pipeline import network_input_shape
from engine.inspection.shipped_model import ShippedModel, UnsaidFeeding
from engine.inspection.standard_metadata import standard_metadata
from engine.measurement.accuracy import predicted
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.tflite_file import TfliteFile

UNSURE_MARGIN = 0.2
"""Between the two greatest probabilities: of two classes, from 0.4 to 0.6."""
ROUNDING = 0.02
"""By how much probabilities may miss 0, 1 or their sum, beside the steps of an integer output."""
INPUTS = ("float32", "int8", "uint8", "int16")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model says of one image."""

    class_name: str
    probability: float
    """Of that class."""
    probabilities: tuple[float, ...]
    """One per class, in the model's order."""
    latency_ms: float
    """Of the interpreter's call alone."""
    margin: float
    """How far its class is ahead of the next, 0 to 1."""
    at_threshold: str = ""
    """Of two classes: the one by the decision threshold that the file carries; empty: it carries none."""
    is_near_threshold: bool = False

    @property
    def is_unsure(self) -> bool:
        """Whether it lies near the border between two classes, or near the file's decision threshold."""
        return self.margin < UNSURE_MARGIN or self.is_near_threshold

    @property
    def differs_at_threshold(self) -> bool:
        """Whether the file's decision threshold makes it another class."""
        return bool(self.at_threshold) and self.at_threshold != self.class_name


class LoadedModel:
    """Answers for one image after another, in one thread."""

    def __init__(self, shipped: ShippedModel, name: str) -> None:
        """
        Args:
            name: what tells it from other models.

        Raises:
            NutshellError: it does not run here.
            DataError: it is no image classifier, or not the one that it says it is; or gives no probabilities.
        """
        self.shipped, self.name = shipped, name
        _refuse_other_shapes(shipped)
        self._classifier = ImageClassifier(shipped.path)
        # The first call packs kernels, and is no measure of the others.
        self.answer(np.zeros(self._classifier.input_shape, dtype=np.float32))

    @classmethod
    def open(cls, path: Path, name: str = "", feeding: Feeding | None = None) -> LoadedModel:
        """
        Args:
            name: empty: the file's.
            feeding: for a file that says nothing of itself.

        Raises:
            UnsaidFeeding: it says too little of itself, also in TFLite's standard metadata, and nothing is given.
            DataError: as above, or it cannot be read.
        """
        try:
            return cls(_opened(path, feeding), name or path.stem)
        except NutshellError as error:
            raise _as_bad_input(error) from None

    @property
    def classes(self) -> tuple[str, ...]:
        return self.shipped.classes

    def answer(self, fed: np.ndarray) -> Answer:
        """The answer to one image as the network is fed: float32 (height, width, channels).

        Raises:
            DataError: what it gives are no probabilities.
        """
        self._classifier.set_image(fed)
        begin = time.perf_counter()
        self._classifier.invoke()
        latency_ms = (time.perf_counter() - begin) * 1000
        output = self._classifier.probabilities()
        probabilities = self.shipped.as_probabilities(output)
        self._refuse_other_values(probabilities)
        label = int(predicted(output[None])[0])
        second, first = np.partition(probabilities, len(probabilities) - 2)[-2:].tolist()
        return Answer(
            self.classes[label],
            float(probabilities[label]),
            tuple(map(float, probabilities.tolist())),
            latency_ms,
            float(first - second),
            *self._by_threshold(probabilities),
        )

    def _by_threshold(self, probabilities: np.ndarray) -> tuple[str, bool]:
        threshold = self.shipped.feeding.threshold
        if threshold is None or len(self.classes) != 2:
            return "", False
        second = float(probabilities[1])
        # As wide a band as that about one half.
        return self.classes[second >= threshold.value], abs(second - threshold.value) < UNSURE_MARGIN / 2

    def _refuse_other_values(self, probabilities: np.ndarray) -> None:
        step = self.shipped.file.output.scale or 0.0
        missed = max(-float(probabilities.min()), float(probabilities.max()) - 1, 0.0)
        # Of many classes each is rounded to a step of its own.
        missed_sum = abs(float(probabilities.sum()) - 1) - step * len(probabilities) / 2
        if not np.isfinite(probabilities).all() or missed > step + ROUNDING or missed_sum > ROUNDING:
            raise DataError(
                f"{self.shipped.path.name} gives values that are no probabilities: from {probabilities.min():.3g} to "
                f"{probabilities.max():.3g}, {probabilities.sum():.3g} in all; a softmax or sigmoid is missing at its "
                "end, or it is no classifier."
            )


def _opened(path: Path, feeding: Feeding | None) -> ShippedModel:
    try:
        return ShippedModel.open(path, feeding)
    except UnsaidFeeding:
        content = path.read_bytes()
        standard = standard_metadata(content).feeding(TfliteFile.parse(content, path.name))
        if standard is None:
            raise
    return ShippedModel.open(path, standard)


def _as_bad_input(error: NutshellError) -> NutshellError:
    """A file that the user has named and that cannot be used is bad input, not a failure of ours."""
    return DataError(str(error)) if error.exit_code == EXIT_FAILED else error


def _refuse_other_shapes(shipped: ShippedModel) -> None:
    name, file, feeding = shipped.path.name, shipped.file, shipped.feeding
    if len(file.input.shape) != 4 or file.input.dtype not in INPUTS:
        raise DataError(
            f"{name} takes {file.input.dtype} of shape {_sides(file.input.shape)}, which is no image; "
            "an image classifier is needed."
        )
    if len(file.output.shape) != 2:
        raise DataError(
            f"{name} gives an output of shape {_sides(file.output.shape)}, which is not one value per class; "
            "an image classifier is needed."
        )
    for end in (file.input, file.output):
        if "float" not in end.dtype and not end.scale:
            raise DataError(
                f"{name} has {end.dtype} values of no known scale; convert it again with quantisation data."
            )
    fed = network_input_shape(feeding.images)
    if fed != file.input.shape[1:]:
        raise DataError(
            f"{name} takes images of {_sides(file.input.shape[1:])}, but would be fed {_sides(fed)} by what is said of "
            "it; correct its size, colour or wavelet transform."
        )
    values = file.output.shape[-1]
    if max(values, 2) != len(feeding.classes):
        raise DataError(
            f"{name} tells {max(values, 2)} classes apart, but {len(feeding.classes)} are named: "
            f"{', '.join(feeding.classes[:5])}{'…' if len(feeding.classes) > 5 else ''}; name each, in their order."
        )


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
