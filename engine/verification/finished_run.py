"""A finished run as it is verified: what it printed, and the hashes that it kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine.chain.run_directory import other_split_file
from engine.contract.errors import DataError, RecipeError
from engine.contract.events import RunCancelled, RunFailed, RunFinished, VariantMeasured, parse_event
from engine.contract.measurements import ImageBytes, VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe
from engine.contract.run_result import RunResult
from engine.datasets.cache.pixel_digests import kept_digests
from engine.datasets.source import Split
from engine.inspection.run_models import EVENTS, RECIPE, run_directory
from engine.store.event_file import digests_file, line_digest
from engine.store.file_hash import file_hash
from engine.store.locations import Locations
from engine.store.run_environment import ENVIRONMENT_FILE
from engine.store.run_hashes import HASHES_FILE

CLOSING = (b'"run_finished"', b'"run_failed"', b'"run_cancelled"')
STARTING = b'"event":"run_started"'
NOT_FINISHED = "The run in {directory} has not finished, so there is nothing to verify yet; resume it first."


@dataclass(frozen=True)
class SplitImages:
    """The run's record of one dataset."""

    label_of: Mapping[str, str]
    """Path → the name of its class, of all images that were used, in their order."""
    split_of: Mapping[str, str]
    digest_of: Mapping[str, str]
    """Path → digest of its pixels, those left out included; empty where the run is of a version that kept none."""
    unknown_digests: str = ""
    """Why they are not known though the run kept some, as a sentence."""

    def paths(self, split: Split) -> tuple[str, ...]:
        return tuple(path for path, name in self.split_of.items() if name == split)


@dataclass(frozen=True)
class FinishedRun:
    """One run's folder."""

    directory: Path
    recipe: Recipe
    result: RunResult
    stage_of: Mapping[str, str]
    """Variant → its stage; variants of one stage are one file."""
    is_result_intact: bool
    """Whether the line with the results is as it was written."""
    hashes: Mapping[str, str] | None
    """File → SHA-256; None where the run kept none."""

    @classmethod
    def open(cls, run: str, runs: Path) -> FinishedRun:
        """
        Args:
            run: a run's folder, or its name among `runs`.

        Raises:
            DataError, RecipeError: it is no run, has not finished, or what it printed cannot be read.
        """
        directory = run_directory(run, Locations(runs))
        try:
            recipe = read_recipe(directory / RECIPE)
        except RecipeError as error:
            raise RecipeError(f"The run in {directory} has a recipe that cannot be used. {error}") from None
        try:
            lines = (directory / EVENTS).read_bytes().splitlines()
        except OSError as error:
            raise DataError(
                f"{directory / EVENTS} cannot be read ({error.strerror}), and it holds the printed figures; put the "
                "file back, or run the recipe again."
            ) from None
        number = next((at for at in reversed(range(len(lines))) if any(one in lines[at] for one in CLOSING)), None)
        if number is None or any(STARTING in line for line in lines[number:]):
            raise DataError(NOT_FINISHED.format(directory=directory))
        result = _result(directory, lines[number])
        stages: dict[str, str] = {}
        for line in lines:
            if b'"variant_measured"' in line and (measured := _measured(line)) is not None:
                stages[measured.variant.name] = measured.stage
        return cls(directory, recipe, result, stages, _is_intact(directory, lines, number), _hashes(directory))

    def is_as_written(self, file: str) -> bool | None:
        """Whether a file of the run, relative to its folder, has its hash; None where there is none to compare with.

        Raises:
            OSError: the file cannot be read.
        """
        expected = (self.hashes or {}).get(file)
        return None if expected is None else file_hash(self.directory / file) == expected

    def split_of(self, variant: VariantMeasurement) -> str:
        """The file with the images that a variant was trained and tested on."""
        labels = list(self.result.other_datasets)
        if variant.dataset not in labels:
            return variant.split
        return other_split_file(variant.split, labels.index(variant.dataset) + 2)

    def images_in(self, split: str) -> SplitImages:
        """What the run kept of the images in such a file.

        Raises:
            DataError: it is gone or damaged.
        """
        path = self.directory / split
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
            labelled = {row["path"]: row["label"] for row in rows}
            split_of = {row["path"]: row["split"] for row in rows}
        except (OSError, KeyError, ValueError, csv.Error):
            raise DataError(
                f"{path} is missing or damaged, so it is not known which images were test images; run the recipe again."
            ) from None
        try:
            return SplitImages(labelled, split_of, kept_digests(path))
        except DataError as damaged:
            return SplitImages(labelled, split_of, {}, str(damaged))


def _result(directory: Path, line: bytes) -> RunResult:
    try:
        closing = parse_event(line)
    except ValidationError:
        raise DataError(
            f"The results of the run in {directory} are damaged, or another version of the program wrote them; verify "
            "it with that version, or run its recipe again."
        ) from None
    if isinstance(closing, RunFinished):
        return closing.result
    if isinstance(closing, RunFailed) and closing.result is not None and closing.result.variants:
        return closing.result
    assert isinstance(closing, RunFailed | RunCancelled)
    raise DataError(NOT_FINISHED.format(directory=directory))


def _measured(line: bytes) -> VariantMeasured | None:
    try:
        event = parse_event(line)
    except ValidationError:
        return None
    return event if isinstance(event, VariantMeasured) else None


def _is_intact(directory: Path, lines: list[bytes], number: int) -> bool:
    """True too where the run has no digests."""
    try:
        digests = digests_file(directory / EVENTS).read_text(encoding="ascii", errors="replace").split("\n")[:-1]
    except OSError:
        return True
    return number >= len(digests) or digests[number] == line_digest(lines[number])


def _hashes(directory: Path) -> Mapping[str, str] | None:
    try:
        known = json.loads((directory / HASHES_FILE).read_bytes())
    except FileNotFoundError:
        if (directory / ENVIRONMENT_FILE).is_file():
            # Versions that note the software keep hashes too, so these were removed.
            raise DataError(
                f"{directory / HASHES_FILE} is not there any more, so nothing tells whether files were changed; run "
                "the recipe again."
            ) from None
        return None
    except (OSError, ValueError):
        known = None
    if not isinstance(known, dict) or not all(isinstance(digest, str) for digest in known.values()):
        raise DataError(f"{directory / HASHES_FILE} is damaged, so nothing can be compared; run the recipe again.")
    return {str(name): str(digest) for name, digest in known.items()}


def printed_images(result: RunResult, variant: VariantMeasurement) -> ImageBytes | None:
    """What was printed of the variant's images; None where its version printed nothing."""
    return variant.images or (None if variant.dataset or variant.setting else result.images)
