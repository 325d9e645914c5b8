"""How long the stages of a recipe will take, from the network's arithmetic and this machine's measured speed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.backbones.backbone import layer_graph
from engine.chain.branches import plan_branches
from engine.chain.stage_tree import Stage
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.imaging.pipeline import network_input_shape
from engine.steps.step import STEPS, TRAINING_PASSES, graph_after

DEFAULT_MACS_A_SECOND = 2.2e10
"""Of a training on two cores of a server of 2020; replaced by what earlier runs of this machine measured."""
START_S = 12.0
"""Starting the engine with TensorFlow, and tracing the first graph."""
CONVERSION_S = 5.0
MEASUREMENT_S = 4.0


@dataclass(frozen=True)
class Work:
    """What an estimate depends on beside the recipe."""

    train_images: int
    validation_images: int
    test_images: int
    class_count: int
    macs_a_second: float = DEFAULT_MACS_A_SECOND


def stage_seconds(recipe: Recipe, stage: Stage, work: Work) -> float:
    """Estimated seconds of one stage of a recipe's branch, without what is shared with an earlier run."""
    after = graph_after(recipe, stage.steps, work.class_count)
    if stage.parameters is None:
        training_macs = TRAINING_PASSES * after.macs
    else:
        before = graph_after(recipe, stage.steps[:-1], work.class_count)
        training_macs = STEPS[stage.parameters.step]().training_macs(stage.parameters, before, after)
    epoch_macs = training_macs * work.train_images + after.macs * work.validation_images
    measured = MEASUREMENT_S + after.macs * work.test_images / work.macs_a_second if stage.ends else 0.0
    return stage.epochs * epoch_macs / work.macs_a_second + CONVERSION_S + measured


def baselines_seconds(recipe: Recipe, work: Work) -> float:
    """Estimated seconds of a recipe's baselines alone, one an image setting.

    Raises:
        RecipeError: as `estimate_seconds`.
    """
    branches = plan_branches(recipe, unread_fingerprint)
    return sum(stage_seconds(branch.recipe, branch.tree.stages[0], work) for branch in branches)


def estimate_seconds(recipe: Recipe, work: Work) -> float:
    """Estimated seconds of a whole run in which nothing is reused.

    Raises:
        RecipeError: the recipe has a fault that the pre-flight names.
    """
    branches = plan_branches(recipe, unread_fingerprint)
    return START_S + sum(
        stage_seconds(branch.recipe, stage, work) for branch in branches for stage in branch.tree.stages
    )


def training_macs_a_second(recipe: Recipe, work: Work, epoch_seconds: float) -> float:
    """This machine's speed, from the time of an epoch of a branch's baseline."""
    return TRAINING_PASSES * work.train_images * _macs(recipe, work) / max(epoch_seconds, 1e-6)


def unread_fingerprint(dataset: DatasetSettings, _: ImageSettings) -> str:
    """In place of a fingerprint, where no image is read."""
    return dataset.model_dump_json()


def _macs(branch: Recipe, work: Work) -> int:
    """Multiply-accumulates of the baseline for one image."""
    return layer_graph(branch.backbone, network_input_shape(branch.images.first), work.class_count).macs
