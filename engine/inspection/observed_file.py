"""A shipped file under observation: what each of its own tensors holds for an image. Needs no TensorFlow."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from engine.contract.errors import DataError, NutshellError
from engine.inspection.observed_layers import ObservedLayer, observed_layers
from engine.inspection.shipped_graph import ShippedGraph
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.accuracy import both_classes, predicted
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.machine import core_count


class ObservedFile:
    """One file and an interpreter that keeps what every operator computed. For one thread at a time."""

    def __init__(self, model: ShippedModel, name: str = "") -> None:
        """
        Args:
            name: what the user calls it; by default the file's name.

        Raises:
            DataError: the file does not run here.
        """
        self.model = model
        self.name = name or model.path.stem
        self.graph = ShippedGraph(model.content)
        try:
            self._classifier = ImageClassifier(model.content, threads=core_count(), keep_all=True)
        except NutshellError:
            raise DataError(f"{model.path.name} is no .tflite file that can be run here; make it again.") from None

    @cached_property
    def layers(self) -> tuple[ObservedLayer, ...]:
        """Its convolutions and dense layers, in order."""
        return observed_layers(self.graph)

    def look_at(self, fed: np.ndarray) -> np.ndarray:
        """Run the file on one image; `real` tells what its tensors hold then.

        Args:
            fed: float32 (height, width, channels), as `ShippedModel.fed` gives it.

        Returns:
            One probability per class, float32 (classes,).
        """
        self._classifier.set_image(fed)
        self._classifier.invoke()
        return both_classes(self._classifier.probabilities()[None])[0]

    def decision(self, fed: np.ndarray) -> int:
        """The class that it decides for, as accuracy is counted."""
        self._classifier.set_image(fed)
        self._classifier.invoke()
        return int(predicted(self._classifier.probabilities()[None])[0])

    def real(self, place: int) -> np.ndarray:
        """A tensor's real values for the last image, float32: dequantised where the file computes in integers."""
        return self.graph.real(place, self._classifier.stored(place))
