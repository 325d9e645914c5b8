"""How well a quantised file of a network trained for a while agrees with its float32 file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.datasets.source import Split
from engine.feeding.fed_images import FedImages
from engine.measurement.accuracy import predicted, share_equal
from engine.measurement.classification import classify
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import context_of, untrained

EPOCHS = 10


@dataclass(frozen=True)
class Agreement:
    """Of a file, on the test images."""

    agreement: float
    """The share of images that get the same class as from float32."""
    accuracy: float
    kl: float
    """Divergence of the outputs from the float32 network's, nats."""


class TrainedNetwork:
    """A backbone trained by the defaults on CIFAR-10 at 32², and what its float32 file gives for the test images."""

    def __init__(self, kind: str, width: float, images: Path, folder: Path) -> None:
        from engine.training.tensorflow_setup import set_up_tensorflow

        set_up_tensorflow(seed=7)
        recipe = Recipe(
            dataset=DatasetSettings(kind="image_folder", path=str(images)),
            images=ImageSettings(size=32),
            backbone=BackboneSettings(kind=kind, width=width),
            training=TrainingSettings(epochs=EPOCHS),
        )
        self.context: StepContext = context_of(recipe, folder)
        self.network: Network = untrained(self.context)
        self.context.trainer.train(self.network.model, self.context.baseline_plan)
        self.float32 = self.context.float32_tflite(self.network)
        rows = self.context.dataset.splits[Split.TEST]
        self._images = FedImages(self.context.dataset, self.context.pipeline, rows)
        self._labels = self.context.dataset.labels[rows]
        self._exact = self.outputs(self.float32)

    @property
    def images(self) -> int:
        return len(self._labels)

    @property
    def accuracy(self) -> float:
        """Of float32."""
        return share_equal(predicted(self._exact), self._labels)

    def outputs(self, content: bytes) -> np.ndarray:
        """Probabilities, float32 (test images, classes)."""
        return classify(content, (np.asarray(image)[None] for image in self._images))

    def agreement_of(self, content: bytes) -> Agreement:
        found = self.outputs(content)
        classes = predicted(found)
        agreement = share_equal(classes, predicted(self._exact))
        return Agreement(agreement, share_equal(classes, self._labels), _kl(self._exact, found))


def _kl(exact: np.ndarray, found: np.ndarray) -> float:
    """Mean Kullback-Leibler divergence; a step of int8 probabilities is 1/256, and none counts as less than a tenth."""
    first, second = (np.maximum(one, 1 / 2560) for one in (exact, found))
    return float(np.mean(np.sum(first * np.log(first / second), axis=1)))
