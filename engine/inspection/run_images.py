"""The images of an earlier run, read again from where they came: its folder keeps their paths and no copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, NutshellError
from engine.contract.pixel_reading import PixelReading
from engine.contract.progress import UNWATCHED, Progress
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.datasets.files.value_range import ValueRange
from engine.datasets.listing.grouping import with_groups
from engine.datasets.source import DATASETS, DatasetSource, Sample, SampleIndex
from engine.export.feeding_description import Feeding
from engine.store.locations import Locations
from engine.store.start_folder import from_start_folder


@dataclass(frozen=True)
class RunImages:
    """Decodes the images of one run by the names that its files have."""

    settings: DatasetSettings
    seed: int
    cache: Path
    """Where archives were unpacked."""
    reading: PixelReading | None = None
    """As a shipped file tells it."""

    @classmethod
    def of(cls, directory: Path, dataset: str = "", model: Path | None = None, seed: int | None = None) -> RunImages:
        """The images of the run in a directory.

        Args:
            dataset: the label of a dataset that a step went over to; empty: the recipe's own.
            seed: of the variant whose images they are; None: of the first.
            model: a file of the run that says on which scale pixels were put, where their type does not.

        Raises:
            NutshellError: the run's recipe cannot be read.
        """
        recipe = read_recipe(directory / "recipe.toml")
        reading = None
        if model is not None and (beside := model.with_suffix(".json")).is_file():
            try:
                reading = Feeding.model_validate_json(beside.read_bytes()).reading
            except ValueError:
                reading = None
        cache = Locations(directory.parent.parent).image_cache
        repeat = next((one for one in recipe.repeats if one.seed == seed), recipe.repeats[0])
        settings = from_start_folder(directory, _settings(recipe, dataset))
        return cls(settings, repeat.data_seed, cache, reading)

    def decoded(self, path: str) -> np.ndarray:
        """An image by its path in the run's files: (height, width) or (height, width, 3), uint8 or uint16.

        Raises:
            DataError: it is not there any more, or cannot be read.
        """
        try:
            return self.source.decode(Sample(path, 0))
        except NutshellError:
            raise
        except FileNotFoundError:
            raise DataError(f"{path} is not there any more.") from None
        except (OSError, ValueError, MemoryError) as error:
            raise DataError(f"{path} cannot be read: {error}") from None

    def groups(self, paths: Sequence[str], progress: Progress = UNWATCHED) -> tuple[str, ...]:
        """What each image belongs to, such as its patient, as `dataset.group_by` says; all empty where it says nothing.

        Raises:
            DataError: the images are not there any more.
        """
        if not self.settings.group_by:
            return ("",) * len(paths)
        group_of = {sample.path: sample.group for sample in self.index(progress).samples}
        return tuple(group_of.get(path, "") for path in paths)

    def index(self, progress: Progress = UNWATCHED) -> SampleIndex:
        """All images that are there now, with their groups; their splits are those that the source has itself.

        Raises:
            DataError: they are not there any more.
        """
        return with_groups(self.source.index(progress), self.settings)

    @cached_property
    def source(self) -> DatasetSource:
        """What lists and decodes them."""
        reading, scale = self.reading, None
        if reading is not None and reading.value_range is not None:
            scale = ValueRange(*reading.value_range, of_all_images=reading.value_range_of == "all")
        return DATASETS[self.settings.kind](self.settings, self.seed, self.cache, scale)


def _settings(recipe: Recipe, label: str) -> DatasetSettings:
    others = (step.other_dataset() for chain in recipe.chains for step in chain.steps)
    return next((one for one in others if label and one is not None and one.label() == label), recipe.dataset)
