"""The `.tflite` files that finished runs have made, for a list to choose from. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.contract.progress import Progress
from engine.store.locations import Locations
from engine.store.run_history import RunState, list_runs


@dataclass(frozen=True)
class RunModels:
    """One finished run."""

    title: str
    started: float
    """In seconds since the epoch."""
    files: tuple[Path, ...]
    """The baseline first, the others by name."""


def run_models(locations: Locations, progress: Progress) -> tuple[RunModels, ...]:
    """All finished runs with models, the newest first; also those in which some chains failed.

    Raises:
        NutshellError: the list of runs cannot be read.
        Cancelled: out of `progress`.
    """
    found = []
    for record in list_runs(locations):
        progress.raise_if_cancelled()
        if record.state is RunState.DONE or (record.state is RunState.FAILED and record.variants):
            files = sorted(
                (record.directory / "models").glob("*.tflite"), key=lambda file: (file.stem != "baseline", file.name)
            )
            found.append(RunModels(record.title, record.started, tuple(files)))
    return tuple(run for run in found if run.files)
