"""How much sooner the head over a frozen base is trained where the base's features are computed once."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, EpochFinished
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.feeding.pipeline import network_input_shape
from engine.graph.keras_objects import KerasModel
from engine.training.plan import TrainingPlan
from engine.workbench.step_context import StepContext
from tests.small_study import context_of

EPOCHS_WITHOUT = 2
"""That are measured without stored features: the second, after which the graph is built and the files are read."""


@dataclass(frozen=True)
class Protocol:
    """A training of the head alone on drawn hearts, half of them sick."""

    images: int
    side: int
    """Pixels."""
    epochs: int
    width: float = 1.0
    kind: str = "vgg16"

    def recipe(self) -> Recipe:
        return Recipe(
            dataset=DatasetSettings(kind="phantom", limit_per_class=self.images // 2),
            images=ImageSettings(size=self.side),
            backbone=BackboneSettings(kind=self.kind, width=self.width, freeze_base=True),
            training=TrainingSettings(
                epochs=self.epochs,
                batch_size=32,
                optimizer="adam",
                learning_rate=1e-3,
                schedule="constant",
                augment=(),
            ),
        )


@dataclass(frozen=True)
class Gain:
    """What was measured."""

    with_s: float
    """All epochs with stored features: computing them, building the graphs, validation and checkpoints included."""
    epoch_without_s: float
    """One epoch of the whole network, with its validation and checkpoint."""
    epochs: int
    step_ratio: float
    """The batches of an epoch of the whole network over the fastest with stored features, validation left out."""
    largest_loss_difference: float
    """Over the epochs that were trained both ways, training and validation."""

    @property
    def ratio(self) -> float:
        """All epochs without stored features over all epochs with them."""
        return self.epochs * self.epoch_without_s / self.with_s


def _frozen(context: StepContext) -> KerasModel:
    from engine.training.keras_network import build_keras_network

    images, backbone = context.recipe.images.first, context.recipe.backbone
    graph = layer_graph(backbone, network_input_shape(images), len(context.dataset.classes))
    return build_keras_network(graph, context.trainer.seed, backbone.freeze_base)


def measure(protocol: Protocol, folder: Path) -> Gain:
    """Train both ways, one after the other.

    Args:
        folder: empty; what is needed on the way is kept there.
    """
    context = context_of(protocol.recipe(), folder)
    plan = TrainingPlan.of_recipe(context.recipe.training)
    finished: list[float] = []

    def emit(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished):
            finished.append(time.perf_counter())

    whole = replace(context.trainer, checkpoint=folder / "whole.checkpoint", emit=emit)
    without = whole.train(_frozen(context), replace(plan, epochs=EPOCHS_WITHOUT))
    model = _frozen(context)
    started = time.perf_counter()
    outcome = replace(context.trainer, features=folder / "features").train(model, plan)
    with_s = time.perf_counter() - started
    pairs = list(zip(outcome.records, without.records, strict=False))
    differences = [abs(one.loss - other.loss) for one, other in pairs]
    differences += [abs(one.validation_loss - other.validation_loss) for one, other in pairs]
    assert list((folder / "features").glob("features-*")), "the features are stored"
    step_ratio = without.records[-1].seconds / min(record.seconds for record in outcome.records)
    return Gain(with_s, finished[1] - finished[0], plan.epochs, step_ratio, max(differences))
