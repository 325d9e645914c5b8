"""The trials of a search as a file in the run's directory, one JSON document a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.store.durable_file import write_durably

TRIALS_FILE = "trials.jsonl"


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
    """Those of a run that was killed are read again: a trial costs what it took then, however fast it is reused."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / TRIALS_FILE
        self._earlier = {record["trial"]: float(record["seconds"]) for record in _lines(self._path)}
        self._records: list[TrialRecord] = []

    def seconds(self, trial: int) -> float:
        """That a trial took before the run was killed; 0: it was not there."""
        return self._earlier.get(trial, 0.0)

    def add(self, record: TrialRecord) -> None:
        """Keep one more."""
        self._records.append(record)
        write_durably(self._path, "".join(f"{json.dumps(asdict(one))}\n" for one in self._records))


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except ValueError:
        return []
