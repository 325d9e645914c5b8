"""The trials of a search as a file in the run's directory, one JSON document a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.store.durable_file import write_durably

TRIALS_FILE, RECIPE_FILE = "trials.jsonl", "recipe.toml"


@dataclass(frozen=True)
class TrialRecord:
    """What one trial was, and what came of it."""

    trial: int
    settings: Mapping[str, Any]
    state: str
    values: Mapping[str, float]
    reason: str
    seconds: float
    """That it took when it was computed."""


class TrialFile:
    """Those of earlier runs of the recipe are read too: a trial costs what it took then, however fast it is reused."""

    def __init__(self, directory: Path) -> None:
        """
        Args:
            directory: of the run, among those of other runs.
        """
        self._path = directory / TRIALS_FILE
        self._earlier = [record for folder in _runs_of_recipe(directory) for record in _lines(folder / TRIALS_FILE)]
        self._records: list[TrialRecord] = []

    def seconds(self, trial: int, settings: Mapping[str, Any]) -> float:
        """The most that a trial with this number and these settings took in a run of the recipe; 0: in none."""
        written = json.loads(json.dumps(settings))
        same = [one for one in self._earlier if one["trial"] == trial and one["settings"] == written]
        return max((float(one["seconds"]) for one in same), default=0.0)

    def add(self, record: TrialRecord) -> None:
        """Keep one more."""
        self._records.append(record)
        write_durably(self._path, "".join(f"{json.dumps(asdict(one))}\n" for one in self._records))


def _runs_of_recipe(directory: Path) -> list[Path]:
    """The run's folder, and those beside it whose recipe is the same."""
    try:
        recipe = (directory / RECIPE_FILE).read_bytes()
        beside = [file.parent for file in directory.parent.glob(f"*/{RECIPE_FILE}") if file.read_bytes() == recipe]
    except OSError:
        return [directory]
    return beside


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError):
        return []
