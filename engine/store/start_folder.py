"""The folder from which a run was started: relative paths of its recipe begin there, wherever the run is looked at."""

from __future__ import annotations

from pathlib import Path

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.recipe import Recipe
from engine.store.durable_file import write_durably

START_FOLDER_FILE = "started_from.txt"
PATHS = ("path", "validation_path", "test_path", "labels_csv")
"""Of a dataset, those that may be relative."""


def note_start_folder(directory: Path, recipe: Recipe) -> None:
    """Keep it in a run's folder, where the recipe has a relative path.

    Raises:
        OSError: it cannot be written.
    """
    others = (step.other_dataset() for chain in recipe.chains for step in chain.steps)
    if any(_relative_paths(one) for one in (recipe.dataset, *others) if one is not None):
        write_durably(directory / START_FOLDER_FILE, f"{Path.cwd()}\n")


def from_start_folder(directory: Path, settings: DatasetSettings) -> DatasetSettings:
    """A run's dataset with whole paths; as it is where the run noted no folder."""
    try:
        start = (directory / START_FOLDER_FILE).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, ValueError):
        return settings
    return settings.model_copy(
        update={name: str(Path(start, path)) for name, path in _relative_paths(settings).items()}
    )


def _relative_paths(settings: DatasetSettings) -> dict[str, str]:
    paths = {name: str(getattr(settings, name)) for name in PATHS}
    return {name: path for name, path in paths.items() if path and not Path(path).expanduser().is_absolute()}
