"""What the stages of a recipe will cost: time, from the network's arithmetic and this machine's measured speed, disk
space and memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.backbones.backbone import layer_graph
from engine.backbones.freezing import computes_features_once, frozen_epochs
from engine.chain.branches import Branch, plan_branches
from engine.chain.stage_tree import Stage
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.repeats import Repeat
from engine.feeding.pipeline import network_input_shape
from engine.graph.layer_graph import LayerGraph
from engine.training.course import expected_epochs
from engine.workbench.step import STEPS, TRAINING_PASSES, Form, graph_after

DEFAULT_MACS_PER_SECOND = 1.35e10
"""Of a training on two cores of a server of 2020; replaced by what earlier runs of this machine measured."""
IMAGE_S = 0.001
"""Feeding and augmenting an image, whatever the network does with it."""
FEATURES_S = 2e-5
"""Feeding the stored features of an image."""
MIN_COMPUTING_SHARE = 0.25
"""Of an epoch's time, where feeding would seem to have taken it all."""
START_S = 12.0
"""Starting the engine with TensorFlow, and measuring the latencies at the end."""
BASELINE_OVERHEAD_S = 9.0
"""Tracing the graph, and converting it."""
MEASUREMENT_S = 4.0
FLOAT_BYTES = 4
KERAS_FILE_BYTES = 200_000
"""Of a stored network beside its weights."""
TENSORFLOW_BYTES = 700_000_000
"""Resident in a process that has traced a small network."""
COPIES_OF_WEIGHTS = 5
"""While training: weights, gradients, two moments of the optimizer, and the best epoch's."""
COPIES_OF_ACTIVATIONS = 3
"""While training: kept for the backward pass, their gradients, and what kernels work in."""


@dataclass(frozen=True)
class Work:
    """What an estimate depends on besides the recipe."""

    train_images: int
    validation_images: int
    test_images: int
    class_count: int
    macs_per_second: float = DEFAULT_MACS_PER_SECOND


@dataclass(frozen=True)
class StageCost:
    """What one stage will cost."""

    seconds: float
    disk_bytes: int
    """That stay: its network, its `.tflite`, and the copies that the run's variants are."""
    memory_bytes: int
    """The most that the engine holds while the stage is computed."""


def total_cost(costs: Iterable[StageCost]) -> StageCost:
    """Of a whole run: time and disk space add up, and the stages have the memory in turn."""
    counted = tuple(costs)
    return StageCost(
        START_S + sum(cost.seconds for cost in counted),
        sum(cost.disk_bytes for cost in counted),
        max(cost.memory_bytes for cost in counted),
    )


def stage_cost(recipe: Recipe, stage: Stage, work: Work) -> StageCost:
    """Estimated cost of one stage of a recipe's branch, without what is shared with an earlier run."""
    graph = graph_after(recipe, stage.steps, work.class_count)
    weights = FLOAT_BYTES * graph.parameters
    step = STEPS[stage.parameters.step]() if stage.parameters else None
    file = weights if step is None else round(step.file_bytes_per_parameter(stage.parameters) * graph.parameters)
    network = weights + KERAS_FILE_BYTES if stage.gives is Form.KERAS else 0
    memory = TENSORFLOW_BYTES + 2 * weights
    if stage.epochs:
        activations = FLOAT_BYTES * recipe.training.batch_size * graph.activations
        memory = TENSORFLOW_BYTES + COPIES_OF_WEIGHTS * weights + COPIES_OF_ACTIVATIONS * activations
        memory += step.memory_beside_network(stage.parameters, recipe.training.batch_size) if step else 0
    disk = network + file * (1 + len(stage.ends))
    return StageCost(stage_seconds(recipe, stage, work), disk, memory)


def stage_seconds(recipe: Recipe, stage: Stage, work: Work) -> float:
    """Estimated seconds of one stage of a recipe's branch, without what is shared with an earlier run."""
    after = graph_after(recipe, stage.steps, work.class_count)
    measured = MEASUREMENT_S + after.macs * work.test_images / work.macs_per_second if stage.ends else 0.0
    if stage.parameters is None:
        epochs = expected_epochs(work.train_images, recipe.training.batch_size) if stage.open_ended else stage.epochs
        training_s = _baseline_epochs_seconds(recipe, after, epochs, work)
        if stage.open_ended and recipe.training.budget_minutes:
            training_s = min(training_s, 60 * recipe.training.budget_minutes)
        return training_s + BASELINE_OVERHEAD_S + measured
    step = STEPS[stage.parameters.step]()
    before = graph_after(recipe, stage.steps[:-1], work.class_count)
    epoch_s = _epoch_seconds(step.training_macs(stage.parameters, before, after), after.macs, work)
    return stage.epochs * epoch_s + step.seconds_beside_epochs(stage.parameters, before) + measured


def _baseline_epochs_seconds(recipe: Recipe, graph: LayerGraph, epochs: int, work: Work) -> float:
    """Of all epochs of the baseline: a frozen base computes forward only, or once for all epochs."""
    frozen = min(frozen_epochs(recipe), epochs)
    unfrozen_s = (epochs - frozen) * _epoch_seconds(TRAINING_PASSES * graph.macs, graph.macs, work)
    if not frozen or not computes_features_once(recipe):
        return unfrozen_s + frozen * _epoch_seconds(_training_macs(recipe, graph), graph.macs, work)
    head_macs = graph.macs - graph.base_macs
    head_s = _epoch_seconds(TRAINING_PASSES * head_macs, head_macs, work, FEATURES_S)
    return unfrozen_s + _epoch_seconds(graph.base_macs, graph.base_macs, work) + frozen * head_s


def _epoch_seconds(training_macs: float, macs: float, work: Work, image_s: float = IMAGE_S) -> float:
    """
    Args:
        training_macs, macs: of one image, in the training and in the validation.
    """
    epoch_macs = training_macs * work.train_images + macs * work.validation_images
    return epoch_macs / work.macs_per_second + image_s * (work.train_images + work.validation_images)


def _training_macs(recipe: Recipe, graph: LayerGraph) -> float:
    """Multiply-accumulates of the baseline's training on one image, as long as a frozen base is frozen."""
    if not frozen_epochs(recipe):
        return TRAINING_PASSES * graph.macs
    return graph.base_macs + TRAINING_PASSES * (graph.macs - graph.base_macs)


def baselines_seconds(recipe: Recipe, work: Work) -> float:
    """Estimated seconds of a recipe's baselines alone, one per image setting.

    Raises:
        RecipeError: as `estimate_seconds`.
    """
    branches = unread_branches(recipe)
    return sum(stage_seconds(branch.recipe, branch.tree.stages[0], work) for branch in branches)


def estimate_seconds(recipe: Recipe, work: Work) -> float:
    """Estimated seconds of a whole run in which nothing is reused.

    Raises:
        RecipeError: the recipe has a fault that the pre-flight names.
    """
    branches = unread_branches(recipe)
    return START_S + sum(
        stage_seconds(branch.recipe, stage, work) for branch in branches for stage in branch.tree.stages
    )


def training_macs_per_second(recipe: Recipe, work: Work, epoch_seconds: float) -> float:
    """This machine's speed, from the time of an epoch in which a branch's baseline computes every image."""
    computing_s = max(epoch_seconds - IMAGE_S * work.train_images, MIN_COMPUTING_SHARE * epoch_seconds, 1e-6)
    return work.train_images * _training_macs(recipe, _graph(recipe, work)) / computing_s


def unread_branches(recipe: Recipe) -> tuple[Branch, ...]:
    """The branches of a recipe by its settings alone: no image and no weights file is read, so keys are not those of a
    run."""

    def unread(dataset: DatasetSettings, images: ImageSettings, repeat: Repeat) -> str:
        return f"{dataset.model_dump_json()} {repeat}"

    return plan_branches(recipe, unread, lambda path: path)


def _graph(branch: Recipe, work: Work) -> LayerGraph:
    return layer_graph(branch.backbone, network_input_shape(branch.images.first), work.class_count)
