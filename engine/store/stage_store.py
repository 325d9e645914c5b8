"""Finished stages as folders named by their keys; a folder is complete or absent."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.training_outcome import EpochRecord
from engine.store.database import open_database
from engine.store.durable_file import appearing_folder
from engine.store.file_hash import file_hash
from engine.store.locations import Locations

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
    kept_epoch: int | None = None
    """Whose weights it left; None: it has not trained, or an earlier version of the program stored it."""
    files: dict[str, str] = Field(default_factory=dict)
    """Name → SHA-256 of each file."""
    digest: str = ""
    """SHA-256 of these facts themselves, with this field empty."""

    def own_digest(self) -> str:
        # Facts that were stored before this field came have a digest without it.
        later = {"kept_epoch"} if self.kept_epoch is None else set()
        text = self.model_copy(update={"digest": ""}).model_dump_json(exclude=later)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class StageStore:
    """The stages of one runs directory."""

    locations: Locations

    def folder(self, key: str) -> Path:
        return self.locations.stages / key

    def checkpoint(self, key: str) -> Path:
        """Where the training of an unfinished stage is saved after each epoch."""
        return self.locations.stages / f"{key}.checkpoint"

    def checkpoints(self, key: str) -> list[Path]:
        """All that the trainings of an unfinished stage have saved."""
        checkpoint = self.checkpoint(key)
        return sorted(checkpoint.parent.glob(f"{checkpoint.name}*"))

    def put_checkpoint_aside(self, checkpoint: Path) -> Path:
        """Give a damaged checkpoint another name, so that its training starts again; nothing is deleted."""
        return checkpoint.rename(checkpoint.with_name(f"damaged-{uuid.uuid4().hex[:8]}.{checkpoint.name}"))

    def drop_checkpoint(self, key: str) -> None:
        """Forget how far a stage was, and what lies beside its checkpoint under a longer name."""
        for file in self.checkpoints(key):
            file.unlink(missing_ok=True)

    def facts(self, key: str) -> StageFacts | None:
        """What is known of a finished stage; None where it is not finished, or its facts are damaged.

        Whether its files are as they were written is not looked at: a stage is used after `damage`.
        """
        folder = self.folder(key)
        try:
            facts = StageFacts.model_validate_json((folder / FACTS_FILE).read_bytes())
            there = all((folder / name).is_file() for name in facts.files)
        except (OSError, ValueError):
            return None
        return facts if there and facts.digest == facts.own_digest() else None

    def damage(self, key: str) -> str:
        """The name of a file of the stage that has changed since it was written; empty if there is none. Every byte
        is read.
        """
        folder = self.folder(key)
        if not folder.exists():
            return ""
        facts = self.facts(key)
        if facts is None:
            return FACTS_FILE
        return next((name for name, digest in facts.files.items() if file_hash(folder / name) != digest), "")

    def put_aside(self, key: str) -> Path:
        """Give a damaged stage's folder another name, so that the stage is made again; nothing is deleted."""
        folder = self.folder(key)
        aside = folder.with_name(f"{key}.damaged-{uuid.uuid4().hex[:8]}")
        return folder.rename(aside)

    @contextmanager
    def finishing(self, key: str) -> Iterator[Path]:
        """A temporary folder that becomes the stage's when the block ends well; a damaged one is put aside."""
        if self.damage(key):
            self.put_aside(key)
        with appearing_folder(self.folder(key)) as folder:
            yield folder

    def finish(self, key: str, folder: Path, facts: StageFacts) -> None:
        """Write the facts into the folder of `finishing`, as its last file."""
        facts = facts.model_copy(update={"files": {file.name: file_hash(file) for file in sorted(folder.iterdir())}})
        facts = facts.model_copy(update={"digest": facts.own_digest()})
        (folder / FACTS_FILE).write_text(facts.model_dump_json(), encoding="utf-8")
        with open_database(self.locations.database) as database:
            database.execute(
                "INSERT OR REPLACE INTO stages VALUES (?, ?, ?, ?)", (key, facts.title, facts.seconds, time.time())
            )
