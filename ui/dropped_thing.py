"""Recognises what was dropped on the window: a recipe, a run, a model, or images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from PySide6.QtGui import QDropEvent

from engine.datasets.source import DATASETS
from ui.form.path_field import dropped_paths

MODEL_SUFFIXES = frozenset({".keras", ".h5", ".hdf5"})


class Thing(Enum):
    RECIPE = auto()
    RUN = auto()
    MODEL = auto()
    IMAGES = auto()


@dataclass(frozen=True)
class DroppedThing:
    """One path and what it is."""

    thing: Thing
    path: Path
    source: str = ""
    """The key of the dataset source, of images."""


def dropped_thing(event: QDropEvent) -> DroppedThing | None:
    """The first path of a drag that the window can do something with."""
    return next(filter(None, map(recognised, dropped_paths(event))), None)


def recognised(path: Path) -> DroppedThing | None:
    """What a path is, by a quick look; None: nothing that is known here."""
    if path.suffix.lower() == ".toml":
        return DroppedThing(Thing.RECIPE, path)
    if (path / "events.jsonl").is_file() and (path / "recipe.toml").is_file():
        return DroppedThing(Thing.RUN, path)
    if path.suffix.lower() in MODEL_SUFFIXES and path.is_file():
        return DroppedThing(Thing.MODEL, path)
    source = source_of(path)
    return DroppedThing(Thing.IMAGES, path, source) if source else None


def source_of(path: Path) -> str:
    """The key of the dataset source that reads this path; empty where there is none."""
    keys = sorted(DATASETS, key=lambda key: DATASETS[key].takes_any_folder)
    return next((key for key in keys if DATASETS[key].recognises(path)), "")
