"""One run's directory: its recipe, split, events, samples, log and models."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import DataError
from engine.contract.events import BatchProgress, EngineEvent, FeatureProgress, PreparationProgress, event_line
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.store.durable_file import write_durably
from engine.store.event_file import EventFile
from engine.store.locations import Locations
from engine.store.run_format import bring_run_up_to_date, note_run_format

LOG_FILE = "engine.log"
EVENTS_FILE = "events.jsonl"
REPORT_FILE = "dataset.json"
"""What was found in the images."""

DEVICE_NAMES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
"""Windows keeps these for devices; Lee et al. 2022 call a pruned network PRN."""


def new_run_id(name: str) -> str:
    """Sortable by time, readable, unique: 20260131-142501-ultrasound-3f9a."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "study"
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{readable}-{secrets.token_hex(2)}"


def model_file_name(variant: str) -> str:
    """A variant's name as a file name on every system; one that has to be changed gets a part of its hash."""
    safe = re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", variant).strip(". ")
    if safe == variant and not DEVICE_NAMES.match(safe):
        return f"{safe}.tflite"
    return f"{safe}-{hashlib.sha256(variant.encode()).hexdigest()[:4]}.tflite"


def samples_file(branch: int) -> str:
    """The file of sample images of a run's branch, counted from 0."""
    return f"samples-{branch + 1}.npz" if branch else "samples.npz"


def split_file(repeat: str) -> str:
    """The file of the images with their splits in a repetition; "split.csv" where nothing is repeated."""
    return f"split-{re.sub(r'[^a-z0-9]+', '-', repeat)}.csv" if repeat else "split.csv"


def other_split_file(split: str, number: int) -> str:
    """The same of another dataset, which a step went over to, counted from 2: "split-2-seed-3.csv"."""
    return split.replace("split", f"split-{number}", 1)


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run."""

    path: Path

    @classmethod
    def create(cls, locations: Locations, recipe: Recipe) -> RunDirectory:
        """Make the directory, with the recipe in it."""
        directory = cls(locations.runs / new_run_id(recipe.name))
        (directory.path / "models").mkdir(parents=True)
        note_run_format(directory.path)
        write_durably(directory.path / "recipe.toml", recipe_text(recipe))
        return directory

    @classmethod
    def reopen(cls, locations: Locations, run: str) -> RunDirectory:
        """The directory of a run that did not end.

        Raises:
            DataError: it is gone, or made by a later version.
        """
        directory = cls(locations.runs / run)
        if not (directory.path / "recipe.toml").is_file():
            raise DataError(f"The run {run} is not in {locations.runs} any more; run its recipe again.")
        bring_run_up_to_date(directory.path)
        (directory.path / "models").mkdir(exist_ok=True)
        return directory

    @property
    def run(self) -> str:
        return self.path.name

    @property
    def log(self) -> Path:
        return self.path / LOG_FILE

    def open_events(self) -> EventFile:
        """The event log."""
        return EventFile(self.path / EVENTS_FILE)

    def model_name(self, variant: str) -> str:
        """Where a variant's `.tflite` lies, relative to the directory."""
        return f"models/{model_file_name(variant)}"

    def name_beside(self, variant: str, ending: str) -> str:
        """Where something lies beside a variant's file, relative to the directory."""
        return f"{self.model_name(variant).removesuffix('.tflite')}.{ending}"

    def micro_name(self, variant: str) -> str:
        """Where a variant's file for TensorFlow Lite Micro lies, relative to the directory.

        In a folder of its own, as no other interpreter reads it.
        """
        stem = Path(model_file_name(variant)).name.removesuffix(".tflite")
        return f"models/tflm/{stem}-tflm.tflite"

    def add_micro(self, variant: str, content: bytes) -> Path:
        """Write the variant's file for TensorFlow Lite Micro."""
        target = self.path / self.micro_name(variant)
        write_durably(target, content)
        return target

    def remove_model(self, variant: str) -> None:
        """Remove what `add_model` and `add_micro` wrote of a variant that cannot be measured."""
        for name in (self.model_name(variant), self.name_beside(variant, "json"), self.micro_name(variant)):
            (self.path / name).unlink(missing_ok=True)

    def add_model(self, variant: str, content: bytes, feeding: str, beside: Mapping[str, str] | None = None) -> Path:
        """Write the `.tflite` that ships, under the variant's name, with how to feed it as JSON beside it.

        Args:
            beside: what else is kept there: how its name ends → text.
        """
        target = self.path / self.model_name(variant)
        write_durably(target, content)
        write_durably(target.with_suffix(".json"), feeding)
        for ending, text in (beside or {}).items():
            write_durably(self.path / self.name_beside(variant, ending), text)
        return target


def is_kept(event: EngineEvent) -> bool:
    """Whether an event belongs into the event log: all but the fleeting progress of a batch."""
    return not isinstance(event, BatchProgress | FeatureProgress | PreparationProgress)


def write_event(log: EventFile, event: EngineEvent) -> None:
    if is_kept(event):
        log.append(event_line(event))
