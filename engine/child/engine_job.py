"""The engine child's job: the first line on its standard input."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document


class EngineJob(BaseModel):
    """Run this recipe in this runs directory."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Document
    """The recipe as nested plain values with the keys of the TOML format."""
    runs_directory: Path
    resumed_run: str = ""
    """The id of an earlier run of the recipe to resume, which did not end; empty: a new run."""
    give_way: bool = True
    """Lower the engine's priority, so that the window stays smooth."""
