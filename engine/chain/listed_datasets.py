"""The datasets of a recipe with their samples listed: its own, and those that steps transfer to. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.recipe import Recipe
from engine.contract.repeats import Fold, Repeat
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


class DatasetLister:
    """Lists each dataset once, however many plans ask for it, as those of a search's trials do."""

    def __init__(self, cache: Path, known: Mapping[Repeat, ListedDatasets] | None = None) -> None:
        """
        Args:
            cache: where an archive is unpacked.
            known: what is listed already.
        """
        self._cache = cache
        self._known: list[tuple[DatasetSettings, int, Fold | None, SampleIndex]] = []
        for repeat, listed in (known or {}).items():
            self._known.append((listed.listed[0][0], repeat.data_seed, repeat.fold, listed.own))
            self._known += [(dataset, repeat.data_seed, None, index) for dataset, index in listed.others]

    def datasets(self, recipe: Recipe, repeat: Repeat, progress: Progress = UNWATCHED) -> ListedDatasets:
        """The samples of every dataset of a recipe for one repetition; nothing is decoded.

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
        own = (recipe.dataset, self._index(recipe.dataset, seed, repeat.fold, progress))
        return ListedDatasets((own, *((other, self._index(other, seed, None, progress)) for other in wanted[1:])))

    def _index(self, dataset: DatasetSettings, seed: int, fold: Fold | None, progress: Progress) -> SampleIndex:
        for *of, index in self._known:
            if of == [dataset, seed, fold]:
                return index
        found = scan(dataset, seed, progress, self._cache, fold)
        self._known.append((dataset, seed, fold, found))
        return found
