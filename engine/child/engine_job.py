"""The engine child's job: the first line on its standard input."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document

Task = Literal["run", "find_rate"]


class EngineJob(BaseModel):
    """Run this recipe in this runs directory, or find a learning rate for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Document
    """The recipe as nested plain values with the keys of the TOML format."""
    runs_directory: Path
    task: Task = "run"
    resumed_run: str = ""
    """The id of an earlier run of the recipe to resume, which did not end; empty: a new run."""
    give_way: bool = True
    """Lower the engine's priority, so that the window stays smooth."""
