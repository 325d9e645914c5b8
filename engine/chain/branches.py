"""The branches of a recipe: a trained baseline with all chains from it, for each image setting and repetition.

No TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product

from engine.chain.stage_tree import Stage, StageTree, plan
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import branch_name
from engine.contract.recipe import Recipe
from engine.contract.repeats import Repeat
from engine.contract.setting_name import setting_name
from engine.weights.weights_file import path_digest

Fingerprint = Callable[[DatasetSettings, ImageSettings, Repeat], str]


@dataclass(frozen=True)
class Branch:
    """One image setting in one repetition, and its stages."""

    setting: str
    """Which image setting; empty where the recipe has one only."""
    repeat: Repeat
    recipe: Recipe
    """As if it had been written for this setting and repetition only."""
    fingerprint: str
    """Of the images as prepared, with their split; equal for branches that differ in their wavelet transform only."""
    tree: StageTree
    trial: int | None = None
    """Of a search."""

    @property
    def name(self) -> str:
        """What tells it from the other branches; empty where there is one only."""
        return branch_name(self.setting, self.repeat.name, self.trial)

    @property
    def images(self) -> ImageSettings:
        return self.recipe.images.first

    def title(self, stage: Stage) -> str:
        """The stage's title; a baseline's begins with its branch, which must be read where there is little room."""
        if self.name and stage.parent is None:
            return f"{self.name}: baseline {self.recipe.backbone.label()}"
        return stage.title


def plan_branches(
    recipe: Recipe,
    fingerprint: Fingerprint,
    weights_digest_of: Callable[[str], str] = path_digest,
) -> tuple[Branch, ...]:
    """Plan every repetition of every image setting of a recipe, in the recipe's order.

    Args:
        fingerprint: of a dataset as a setting prepares it for a repetition.
        weights_digest_of: what tells the content of the weights file at a path; reads it to the end.
    """
    branches = []
    for setting, repeat in product(recipe.branches(), recipe.repeats):
        images, one = setting.images.first, setting.repeated(repeat)
        prepared = fingerprint(one.dataset, images, repeat)
        name = setting_name(recipe.images, images)
        tree = plan(one, prepared, partial(_fingerprint_of, fingerprint, images, repeat), weights_digest_of)
        branches.append(Branch(name, repeat, one, prepared, tree))
    return tuple(branches)


def _fingerprint_of(fingerprint: Fingerprint, images: ImageSettings, repeat: Repeat, dataset: DatasetSettings) -> str:
    return fingerprint(dataset, images, repeat)
