"""The engine child's job: the first line on its standard input."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document
from engine.contract.sensitivity import SensitivityRequest

Task = Literal["run", "find_rate", "sensitivity"]


class EngineJob(BaseModel):
    """Run this recipe in this runs directory, find a learning rate for it, or measure how sensitive its layers are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Document
    """The recipe as nested plain values with the keys of the TOML format."""
    runs_directory: Path
    task: Task = "run"
    resumed_run: str = ""
    """The id of an earlier run of the recipe to resume, which did not end; empty: a new run."""
    sensitivity: SensitivityRequest = SensitivityRequest()
    """What to measure, for that task."""
    give_way: bool = True
    """Lower the engine's priority, so that the window stays smooth."""
