"""What a step can use while it is applied: the images, the trainer, and a way to report what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.backbones.backbone import layer_graph
from engine.contract.evidence import Evidence
from engine.contract.progress import Progress
from engine.contract.recipe import Recipe
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.export.feeding_description import most_described_bytes
from engine.feeding.calibration_choice import calibration_images, validation_images
from engine.feeding.fed_images import FedImages
from engine.feeding.pipeline import ImagePipeline, network_input_shape
from engine.graph.layer_graph import LayerGraph
from engine.training.plan import TrainingPlan
from engine.workbench.labelled_images import LabelledImages

if TYPE_CHECKING:
    from engine.training.trainer import Trainer
    from engine.workbench.network import Network


@dataclass(frozen=True)
class StepContext:
    """One stage's surroundings. Raises `Cancelled` out of any call when the user cancels."""

    recipe: Recipe
    dataset: PreparedDataset
    pipeline: ImagePipeline
    trainer: Trainer
    progress: Progress
    """Reports what the stage is doing, such as "calibrating", and how far it is."""
    float32_tflite: Callable[[Network], bytes]
    """The network as a float32 `.tflite`; converted once and shared by every step after the same stage."""
    found: Callable[[Evidence], None] = lambda evidence: None
    """Store and report what the step found, as often as there is more of it: a plot shows it while
    the step still works. The last of each kind stays."""

    @property
    def baseline_plan(self) -> TrainingPlan:
        """How the baseline trains: what a step's own fine-tuning begins from."""
        backbone = self.recipe.backbone
        graph = layer_graph(backbone, network_input_shape(self.recipe.images.first), len(self.dataset.classes))
        return self._plan(graph, bool(backbone.weights))

    def plan_from_random_weights(self, graph: LayerGraph) -> TrainingPlan:
        """How a baseline of another network would train."""
        return self._plan(graph, begins_with_weights=False)

    def _plan(self, graph: LayerGraph, begins_with_weights: bool) -> TrainingPlan:
        images = len(self.dataset.splits[Split.TRAIN])
        return TrainingPlan.of_recipe(self.recipe.training, graph.is_batch_normalised, begins_with_weights, images)

    def labelled_images(self, count: int) -> LabelledImages:
        """The same choice as `calibration_images`, with labels."""
        images = self.calibration_images(count)
        return LabelledImages(images, self.dataset.labels[images.rows])

    def calibration_images(self, count: int) -> FedImages:
        """A seeded choice of `count` training images, or of all where there are fewer, the same number of each class.

        A class that has too few gives all it has, and the others make up for it.
        """
        return calibration_images(self.dataset, self.pipeline, self.recipe.seed, count)

    def most_shipped_bytes(self, content: bytes) -> int:
        """What a `.tflite` takes at most once the description of how to feed it is in it, as it ships."""
        validation = len(self.dataset.splits[Split.VALIDATION])
        wanted = self.recipe.target.sensitivity
        return most_described_bytes(content, self.pipeline, self.dataset.classes, wanted, validation)

    def validation_images(self, count: int) -> FedImages:
        """A seeded choice of `count` validation images, likewise."""
        return validation_images(self.dataset, self.pipeline, self.recipe.seed, count)
