"""The datasets of a recipe with their samples listed: its own, and those that steps transfer to. No TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.recipe import Recipe
from engine.contract.repeats import Repeat
from engine.datasets.cache.preparation import scan
from engine.datasets.source import SampleIndex


@dataclass(frozen=True)
class ListedDatasets:
    """Every dataset once, the recipe's own first."""

    listed: tuple[tuple[DatasetSettings, SampleIndex], ...]

    @property
    def own(self) -> SampleIndex:
        return self.listed[0][1]

    @property
    def others(self) -> tuple[tuple[DatasetSettings, SampleIndex], ...]:
        """Those that steps transfer to."""
        return self.listed[1:]

    def index(self, dataset: DatasetSettings) -> SampleIndex:
        return next(index for settings, index in self.listed if settings == dataset)


def list_datasets(recipe: Recipe, repeat: Repeat, cache: Path, progress: Progress = UNWATCHED) -> ListedDatasets:
    """List the samples of every dataset of a recipe for one repetition; nothing is decoded.

    The recipe's own dataset alone is cross-validated.

    Raises:
        DataError, RecipeError: one of them names no usable images.
    """
    wanted = [recipe.dataset]
    for chain in recipe.chains:
        for step in chain.steps:
            other = step.other_dataset()
            if other is not None and other not in wanted:
                wanted.append(other)
    seed = repeat.data_seed
    own = (recipe.dataset, scan(recipe.dataset, seed, progress, cache, repeat.fold))
    return ListedDatasets((own, *((other, scan(other, seed, progress, cache)) for other in wanted[1:])))
