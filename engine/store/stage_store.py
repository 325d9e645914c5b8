"""Finished stages as folders named by their keys; a folder appears whole or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from engine.store.database import open_database
from engine.store.durable_file import appearing_folder
from engine.store.locations import Locations
from engine.training.plan import EpochRecord

MODEL_FILE = "model.keras"
TFLITE_FILE = "model.tflite"
FACTS_FILE = "stage.json"


class StageFacts(BaseModel):
    """What is kept of a finished stage beside its files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    seconds: float
    records: tuple[EpochRecord, ...] = ()
    stopped_early: bool = False
    files: dict[str, int] = Field(default_factory=dict)
    """Name → bytes of each file, to notice a damaged folder."""


@dataclass(frozen=True)
class StageStore:
    """The stages of one runs directory."""

    locations: Locations

    def folder(self, key: str) -> Path:
        return self.locations.stages / key

    def checkpoint(self, key: str) -> Path:
        """Where the training of an unfinished stage is saved after each epoch."""
        return self.locations.stages / f"{key}.checkpoint"

    def drop_checkpoint(self, key: str) -> None:
        """Forget how far a stage was, and what lies beside its checkpoint under a longer name."""
        checkpoint = self.checkpoint(key)
        for file in checkpoint.parent.glob(f"{checkpoint.name}*"):
            file.unlink(missing_ok=True)

    def facts(self, key: str) -> StageFacts | None:
        """What is known of a finished stage; None where it is not finished, or its folder is damaged."""
        folder = self.folder(key)
        try:
            facts = StageFacts.model_validate_json((folder / FACTS_FILE).read_bytes())
            whole = all((folder / name).stat().st_size == size for name, size in facts.files.items())
        except (OSError, ValueError):
            return None
        return facts if whole else None

    @contextmanager
    def finishing(self, key: str) -> Iterator[Path]:
        """A temporary folder that becomes the stage's when the block ends well; a damaged one is replaced."""
        if self.folder(key).exists() and self.facts(key) is None:
            shutil.rmtree(self.folder(key))
        with appearing_folder(self.folder(key)) as folder:
            yield folder

    def finish(self, key: str, folder: Path, facts: StageFacts) -> None:
        """Write the facts into the folder of `finishing`, as its last file."""
        facts = facts.model_copy(update={"files": {file.name: file.stat().st_size for file in folder.iterdir()}})
        (folder / FACTS_FILE).write_text(facts.model_dump_json(), encoding="utf-8")
        with open_database(self.locations.database) as database:
            database.execute(
                "INSERT OR REPLACE INTO stages VALUES (?, ?, ?, ?)", (key, facts.title, facts.seconds, time.time())
            )
