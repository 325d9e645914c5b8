"""Recognises what was dropped on the window: a recipe, a run, a model, or images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from PySide6.QtGui import QDropEvent

from engine.datasets.listing.folder_tree import is_image_name
from engine.datasets.source import DATASETS
from ui.form.path_field import dropped_paths

MODEL_SUFFIXES = frozenset({".keras", ".h5", ".hdf5"})

DEVICE_KIND = b"nutshell-device-results"
"""As measure.py writes it near the beginning."""
BEGINNING = 4096


class Thing(Enum):
    RECIPE = auto()
    RUN = auto()
    MODEL = auto()
    IMAGES = auto()
    DEVICE_RESULTS = auto()


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


def bench_paths(event: QDropEvent, is_shown: bool) -> list[Path]:
    """What the test bench takes of a drag: `.tflite` files, and while it is shown images and folders of them."""
    return [path for path in dropped_paths(event) if _is_tflite(path) or (is_shown and _may_hold_images(path))]


def _is_tflite(path: Path) -> bool:
    return path.suffix.lower() == ".tflite" and path.is_file()


def _may_hold_images(path: Path) -> bool:
    if path.is_dir():
        return recognised(path) is None or recognised(path).thing is Thing.IMAGES  # type: ignore[union-attr]
    # DICOM files may have names without an ending.
    return path.is_file() and (is_image_name(path.name) or path.suffix.lower() in {"", ".dcm", ".nii", ".gz"})


def recognised(path: Path) -> DroppedThing | None:
    """What a path is, by a quick look; None: nothing that is known here."""
    if path.suffix.lower() == ".toml":
        return DroppedThing(Thing.RECIPE, path)
    if (path / "events.jsonl").is_file() and (path / "recipe.toml").is_file():
        return DroppedThing(Thing.RUN, path)
    if path.suffix.lower() in MODEL_SUFFIXES and path.is_file():
        return DroppedThing(Thing.MODEL, path)
    if path.suffix.lower() == ".json" and _is_of_device(path):
        return DroppedThing(Thing.DEVICE_RESULTS, path)
    source = source_of(path)
    return DroppedThing(Thing.IMAGES, path, source) if source else None


def _is_of_device(path: Path) -> bool:
    """By its beginning: it can be large, and damaged ones are to be told of."""
    try:
        with path.open("rb") as stream:
            return DEVICE_KIND in stream.read(BEGINNING)
    except OSError:
        return False


def source_of(path: Path) -> str:
    """The key of the dataset source that reads this path; empty where there is none."""
    keys = sorted(DATASETS, key=lambda key: DATASETS[key].takes_any_folder)
    return next((key for key in keys if DATASETS[key].recognises(path)), "")
