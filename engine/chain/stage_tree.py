"""Plans a recipe into a tree of stages, each named by the hash of everything that it depends on. No TensorFlow."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from engine.chain.controls import with_controls
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.document import Document
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import BASELINE, Recipe
from engine.contract.step_parameters import StepParameters
from engine.contract.training_settings import epochs_text
from engine.weights.weights_file import path_digest
from engine.workbench.step import STEPS, Form

STAGE_VERSION = 6
"""Raised when the same recipe would give other results, so that older stages are computed again."""


@dataclass(frozen=True)
class Stage:
    """A node of the tree: the trained baseline, or one step applied to what its parent left."""

    key: str
    parent: str | None
    parameters: StepParameters | None
    """None for the baseline."""
    steps: tuple[StepParameters, ...]
    """All steps from the baseline up to this one."""
    chains: tuple[str, ...]
    """The chains that pass through."""
    ends: tuple[str, ...]
    """The chains that end here; "baseline" for the baseline."""
    title: str
    epochs: int
    """At most, where it is `open_ended`."""
    gives: Form
    images: str
    """Fingerprint of the prepared images that it trains on and is measured on."""
    dataset: DatasetSettings | None
    """Whose images those are, where a step up to this one transferred to another dataset than the recipe's."""
    open_ended: bool = False
    """Whether it trains until nothing more is gained."""

    @property
    def epochs_text(self) -> str:
        """For tables."""
        return epochs_text(self.epochs, self.open_ended)


@dataclass(frozen=True)
class StageTree:
    """Parents before children, in the order in which they are computed."""

    stages: tuple[Stage, ...]

    def __getitem__(self, key: str) -> Stage:
        return next(stage for stage in self.stages if stage.key == key)

    def end_of(self, chain: str) -> Stage:
        """The stage that a chain ends in; for "baseline" the baseline itself."""
        return next(stage for stage in self.stages if chain in stage.ends)


def plan(
    recipe: Recipe,
    dataset_fingerprint: str,
    fingerprint_of: Callable[[DatasetSettings], str] | None = None,
    weights_digest_of: Callable[[str], str] = path_digest,
) -> StageTree:
    """The stage tree of one branch of a recipe; chains share their common beginnings.

    Args:
        recipe: with one image setting.
        dataset_fingerprint: of the images as prepared, with their split.
        fingerprint_of: the same of another dataset, where a step brings one.
        weights_digest_of: what tells the content of the weights file at a path; reads it to the end.
    """
    assert isinstance(recipe.images, ImageSettings), "a recipe of several image settings has one tree per branch"
    baseline_key = stage_key(None, _baseline_document(recipe, dataset_fingerprint, weights_digest_of))
    nodes = {
        baseline_key: Stage(
            key=baseline_key,
            parent=None,
            parameters=None,
            steps=(),
            chains=(),
            ends=(BASELINE,),
            title=f"Baseline {recipe.backbone.label()}",
            epochs=recipe.training.trained_epochs,
            gives=Form.KERAS,
            images=dataset_fingerprint,
            dataset=None,
            open_ended=recipe.training.is_open_ended,
        )
    }
    for chain in with_controls(recipe.chains):
        key = baseline_key
        nodes[key] = _passed_by(nodes[key], chain.name)
        for place, parameters in enumerate(chain.steps):
            parent, other = nodes[key], parameters.other_dataset()
            images = fingerprint_of(other) if other and fingerprint_of else parent.images
            key = step_key(parent.key, parameters, images)
            if key not in nodes:
                step = STEPS[parameters.step]()
                nodes[key] = Stage(
                    key=key,
                    parent=parent.key,
                    parameters=parameters,
                    steps=chain.steps[: place + 1],
                    chains=(),
                    ends=(),
                    title=parameters.label(),
                    epochs=step.planned_epochs(parameters, _epochs_before(parent, nodes)),
                    gives=step.gives,
                    images=images,
                    dataset=other or parent.dataset,
                )
            nodes[key] = _passed_by(nodes[key], chain.name)
        nodes[key] = replace(nodes[key], ends=(*nodes[key].ends, chain.name))
    return StageTree(tuple(nodes.values()))


def _epochs_before(stage: Stage, nodes: Mapping[str, Stage]) -> int:
    """Of all trainings since the first weights of the network that a stage leaves."""
    anew = stage.parameters is None or STEPS[stage.parameters.step].begins_anew
    return stage.epochs + (0 if anew or stage.parent is None else _epochs_before(nodes[stage.parent], nodes))


def _passed_by(stage: Stage, chain: str) -> Stage:
    return replace(stage, chains=(*stage.chains, chain))


def step_key(parent: str, parameters: StepParameters, images: str) -> str:
    """The key of a step applied to the stage `parent`; of a step that brings its own dataset, by its images."""
    other = {"dataset": images} if parameters.other_dataset() else {}
    return stage_key(parent, parameters.stage_document() | other)


def stopped_key(planned: str, epochs: int) -> str:
    """The key of a stage that the user stopped in epoch `epochs`: it is not the stage that was planned."""
    return stage_key(planned, {"stopped": epochs})


def stage_key(parent: str | None, document: Document) -> str:
    """SHA-256 over the canonical JSON of a parent's key and what is done to it."""
    canonical = json.dumps([STAGE_VERSION, parent, document], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _baseline_document(recipe: Recipe, dataset_fingerprint: str, weights_digest_of: Callable[[str], str]) -> Document:
    """What a trained baseline depends on; the names of the recipe and its chains are not among it."""
    return {
        "dataset": dataset_fingerprint,
        "seed": recipe.seed,
        "images": recipe.images.stage_document(),
        "backbone": recipe.backbone.stage_document() | {"weights": weights_digest_of(recipe.backbone.weights)},
        "training": recipe.training.stage_document(),
    }
