"""The list of runs in a runs directory: what was started, how it ended, and which were cut off."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.contract.run_result import RunResult
from engine.store.database import open_database
from engine.store.locations import Locations
from engine.store.row_digest import row_digest
from engine.store.run_notes import RunNotes, read_notes

NO_NOTES = RunNotes()
DAMAGED_ROW = "Its entry in the list of runs is damaged; its files lie in its folder. Run its recipe again."


class RunState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """Its engine has disappeared without a closing event."""


@dataclass(frozen=True)
class RunRecord:
    """One run of the list."""

    run: str
    name: str
    started: float
    """Seconds since the epoch, UTC."""
    state: RunState
    directory: Path
    message: str
    baseline_accuracy: float | None
    """0 to 1; None until the run is done."""
    variants: int
    notes: RunNotes = NO_NOTES

    @property
    def title(self) -> str:
        """What the user calls it, else the study's name."""
        return self.notes.name or self.name


def record_start(database: sqlite3.Connection, run: str, name: str) -> None:
    """Enter this process's run; one that did not end continues in its own row."""
    import psutil

    process = psutil.Process(os.getpid())
    row = database.execute("SELECT started FROM runs WHERE run = ?", (run,)).fetchone()
    started = row[0] if row else time.time()
    digest = row_digest(run, name, started, str(RunState.RUNNING), "", None)
    database.execute(
        "INSERT OR REPLACE INTO runs (run, name, started, state, pid, pid_started, digest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (run, name, started, RunState.RUNNING, process.pid, process.create_time(), digest),
    )


def mark_interrupted(database: sqlite3.Connection) -> None:
    """Mark runs whose engine has disappeared without a closing event as cut off."""
    running = database.execute("SELECT run, pid, pid_started FROM runs WHERE state = ?", (RunState.RUNNING,)).fetchall()
    for run, pid, pid_started in running:
        if not _alive(pid, pid_started):
            record_end(database, run, RunState.INTERRUPTED)


def record_end(
    database: sqlite3.Connection, run: str, state: RunState, message: str = "", result: RunResult | None = None
) -> None:
    """Enter how a run ended."""
    document = result.model_dump_json(by_alias=True) if result is not None else None
    row = database.execute("SELECT name, started FROM runs WHERE run = ?", (run,)).fetchone()
    digest = row_digest(run, *row, str(state), message, document) if row else ""
    database.execute(
        "UPDATE runs SET state = ?, ended = ?, message = ?, result = ?, digest = ? WHERE run = ?",
        (state, time.time(), message, document, digest, run),
    )


def list_runs(locations: Locations) -> tuple[RunRecord, ...]:
    """All runs, the newest first; empty where the directory holds none yet. Reads only, in milliseconds."""
    if not locations.database.is_file():
        return ()
    with open_database(locations.database) as database:
        rows = database.execute(
            "SELECT run, name, started, state, pid, pid_started, message, result, digest FROM runs "
            "ORDER BY started DESC"
        ).fetchall()
    records = []
    for run, name, started, state, pid, pid_started, message, document, digest in rows:
        if digest != row_digest(run, name, started, state, message, document):
            records.append(_damaged(locations, run, started))
            continue
        result = RunResult.model_validate_json(document) if document else None
        if state == RunState.RUNNING and not _alive(pid, pid_started):
            state = RunState.INTERRUPTED
        records.append(
            RunRecord(
                run,
                name,
                started,
                RunState(state),
                locations.runs / run,
                message,
                result.variants[0].accuracy if result and result.variants else None,
                len(result.variants) if result else 0,
                read_notes(locations.runs / run),
            )
        )
    return tuple(records)


def _damaged(locations: Locations, run: object, started: object) -> RunRecord:
    """A run whose row is not as it was written."""
    name = str(run)
    when = float(started) if isinstance(started, int | float) else 0.0
    return RunRecord(name, name, when, RunState.INTERRUPTED, locations.runs / name, DAMAGED_ROW, None, 0)


def _alive(pid: int, started: float) -> bool:
    import psutil

    try:
        return abs(psutil.Process(pid).create_time() - started) < 2.0
    except psutil.Error:
        return False
