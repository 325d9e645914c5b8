"""The shipped files of a run, found by its folder or its name."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from engine.contract.errors import DataError, NutshellError
from engine.contract.events import VariantMeasured, parse_event
from engine.contract.measurements import variant_name
from engine.contract.recipe import BASELINE, Recipe
from engine.contract.recipe_file import read_recipe
from engine.contract.registry import nearest_name, unknown_name_message
from engine.datasets.source import Split
from engine.inspection.shipped_model import ShippedModel
from engine.store.locations import Locations, default_runs_directory
from engine.store.run_format import bring_run_up_to_date
from engine.store.run_history import list_runs

EVENTS, RECIPE, SPLIT = "events.jsonl", "recipe.toml", "split.csv"
MAX_NAMED = 8


@dataclass(frozen=True)
class RunModel:
    """One variant's file."""

    name: str
    """Such as "int8", or "int8 (64 px)"."""
    file: Path
    baseline: str
    """The name of the float32 variant that it is held against; its own where it is one."""
    dataset: str = ""
    """The dataset that a step went over to; empty: the recipe's."""
    split: str = SPLIT
    """The run's file of images with their splits, as they were divided for it."""
    seed: int | None = None
    """That its baseline was trained with; None: not told."""

    @property
    def is_baseline(self) -> bool:
        return self.name == self.baseline

    def shares_images(self, other: RunModel) -> bool:
        """Whether both were trained and tested on the same images."""
        return (self.split, self.seed) == (other.split, other.seed)

    def opened(self) -> ShippedModel:
        """
        Raises:
            DataError: the file is gone or damaged, or does not say how it is fed.
        """
        try:
            return ShippedModel.open(self.file)
        except DataError:
            raise
        except NutshellError as error:
            raise DataError(str(error)) from None


@dataclass(frozen=True)
class RunImage:
    """An image of the run's split table."""

    path: str
    """As the table has it: a file, a row of an array, or one that is drawn."""
    label: str


@dataclass(frozen=True)
class InspectedRun:
    """A run's folder, as far as looking inside needs it."""

    directory: Path
    recipe: Recipe
    models: tuple[RunModel, ...]
    """The baselines and their variants, in the run's order; only those whose file is there."""
    test_images: tuple[RunImage, ...]
    training_images: tuple[RunImage, ...] = ()
    seed: int | None = None
    """Of the variant for which the images were divided so."""

    @classmethod
    def open(cls, run: str | Path, runs: Path | None = None) -> InspectedRun:
        """
        Args:
            run: a run's folder, or its name among `runs`.
            runs: the runs directory; by default the user's own.

        Raises:
            DataError, RecipeError: it is no run, or what is in it cannot be read.
        """
        directory = cls.directory_of(run, runs)
        models = _models(directory)
        if not any(model.is_baseline for model in models):
            raise DataError(
                f"The run in {directory} has no baseline file: it was deleted, or the run has not come so far. Resume "
                "the run, or run its recipe again: what is finished is not computed again."
            )
        return cls(directory, read_recipe(directory / RECIPE), models, ()).seen_by(models[0])

    def seen_by(self, model: RunModel) -> InspectedRun:
        """With the images as they were divided for a variant.

        Raises:
            DataError: the table of splits cannot be read.
        """
        test, train = (_images_of(self.directory / model.split, split) for split in (Split.TEST, Split.TRAIN))
        return replace(self, test_images=test, training_images=train, seed=model.seed)

    @staticmethod
    def directory_of(run: str | Path, runs: Path | None = None) -> Path:
        """The folder of a run, by itself or by the run's name; as `open`.

        Raises:
            DataError: there is no such run; the nearest name is told.
        """
        return run_directory(str(run), Locations(runs or default_runs_directory()))

    @property
    def first_baseline(self) -> RunModel:
        return next(model for model in self.models if model.is_baseline)

    def model(self, name: str) -> RunModel:
        """
        Raises:
            DataError: there is no such variant; the nearest name is told.
        """
        for model in self.models:
            if model.name == name:
                return model
        raise DataError(unknown_name_message("variant", name, [model.name for model in self.models]))

    def compressed(self, names: Sequence[str] = ()) -> tuple[RunModel, ...]:
        """The variants with these names, else all that are no baseline.

        Raises:
            DataError: a name is not known, or is a baseline's, or its baseline is not there.
        """
        chosen = [self.model(name) for name in names] or [one for one in self.models if not one.is_baseline]
        for one in chosen:
            if one.is_baseline:
                raise DataError(f'"{one.name}" is the baseline that the others are held against; name another variant.')
            self.model(one.baseline)
        if not chosen:
            raise DataError(f"The run in {self.directory} has no compressed variant yet; wait until it has one.")
        return tuple(dict.fromkeys(chosen))


def run_directory(run: str, locations: Locations) -> Path:
    """The folder of a run that is named by it, by the run's id, or by its title; one of an earlier version is brought
    up to date.

    Raises:
        DataError: there is no such run, where the nearest name is told; or a later version has made it.
    """
    directory = _directory(run, locations)
    bring_run_up_to_date(directory)
    return directory


def _directory(run: str, locations: Locations) -> Path:
    given = Path(run).expanduser()
    for directory in (given, locations.runs / run):
        if (directory / RECIPE).is_file():
            return directory.absolute()
    if given.is_dir():
        raise DataError(f"{given} is no run: there is no {RECIPE} in it; name a folder of {locations.runs}.")
    records = [record for record in list_runs(locations) if record.directory.is_dir()]
    # Of several runs of one name the newest, which comes first.
    for record in records:
        if run in (record.title, record.name):
            return record.directory.absolute()
    folders = [one.name for one in locations.runs.iterdir()] if locations.runs.is_dir() else []
    known = [*(record.title for record in records), *sorted(folders)]
    near = nearest_name(run, known)
    suggestion = f' Did you mean "{near}"?' if near else ""
    titles = list(dict.fromkeys(record.title for record in records))
    there = f" Its runs: {', '.join(titles[:MAX_NAMED])}{'…' if len(titles) > MAX_NAMED else ''}." if titles else ""
    if given.suffix == ".toml":
        raise DataError(f"There is no recipe {given}; check the path.")
    raise DataError(f'There is no run "{run}" in {locations.runs}, and no such folder.{suggestion}{there}')


def _models(directory: Path) -> tuple[RunModel, ...]:
    """As the run's events name them; of a folder without events, as the files are called."""
    found: dict[str, RunModel] = {}
    for line in _lines(directory / EVENTS):
        if b'"variant_measured"' not in line:
            continue
        try:
            event = parse_event(line)
        except ValidationError:
            continue  # Of another version, or half a line of a run that was killed.
        if isinstance(event, VariantMeasured):
            variant = event.variant
            file, baseline = directory / variant.file, variant_name(BASELINE, variant.branch)
            found[variant.name] = RunModel(variant.name, file, baseline, variant.dataset, variant.split, variant.seed)
    if not found:
        files = sorted((directory / "models").glob("*.tflite"), key=lambda file: (file.stem != BASELINE, file.stem))
        found = {file.stem: RunModel(file.stem, file, BASELINE) for file in files}
    return tuple(model for model in found.values() if model.file.is_file())


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError:
        return []


def _images_of(path: Path, split: Split) -> tuple[RunImage, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        return tuple(RunImage(row["path"], row["label"]) for row in rows if row["split"] == split)
    except FileNotFoundError:
        return ()
    except (OSError, KeyError, TypeError, ValueError, csv.Error):
        raise DataError(f"{path} cannot be read as the run's table of splits; run its recipe again.") from None
