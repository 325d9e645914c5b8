"""The branches of a recipe: one per image setting, each a trained baseline with all chains from it. No TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from engine.chain.stage_tree import Stage, StageTree, plan
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.setting_name import setting_name
from engine.weights.weights_file import path_digest


@dataclass(frozen=True)
class Branch:
    """One image setting and its stages."""

    setting: str
    """What tells it from the other branches; empty where the recipe has one image setting only."""
    recipe: Recipe
    """As if it had been written for this setting only."""
    fingerprint: str
    """Of the images as prepared, with their split; equal for branches that differ in their wavelet transform only."""
    tree: StageTree

    @property
    def images(self) -> ImageSettings:
        return self.recipe.images.first

    def title(self, stage: Stage) -> str:
        """The stage's title; a baseline's begins with its setting, which must be read where there is little room."""
        if self.setting and stage.parent is None:
            return f"{self.setting}: baseline {self.recipe.backbone.label()}"
        return stage.title


def plan_branches(
    recipe: Recipe,
    fingerprint: Callable[[DatasetSettings, ImageSettings], str],
    weights_digest_of: Callable[[str], str] = path_digest,
) -> tuple[Branch, ...]:
    """Plan every image setting of a recipe, in the recipe's order.

    Args:
        fingerprint: of a dataset as a setting prepares it.
        weights_digest_of: what tells the content of the weights file at a path; reads it to the end.
    """
    branches = []
    for one in recipe.branches():
        images = one.images.first
        prepared = fingerprint(one.dataset, images)
        name = setting_name(recipe.images, images)
        tree = plan(one, prepared, partial(_fingerprint_of, fingerprint, images), weights_digest_of)
        branches.append(Branch(name, one, prepared, tree))
    return tuple(branches)


def _fingerprint_of(
    fingerprint: Callable[[DatasetSettings, ImageSettings], str], images: ImageSettings, dataset: DatasetSettings
) -> str:
    return fingerprint(dataset, images)
