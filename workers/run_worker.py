"""Runs a recipe from a thread of its own: starts the engine child, reads its events, and hands them on as signals."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.child.engine_job import Task
from engine.contract.recipe import Recipe
from engine.contract.sensitivity import SensitivityRequest
from workers.engine_process import EngineProcess
from workers.keep_awake import keeping_awake
from workers.process_outcome import ProcessOutcome


class RunWorker(QObject):
    """Lives in a `QThread`; its slot blocks that thread until the child has ended."""

    events = Signal(list)
    """Engine events that came together, in order."""
    ended = Signal(object)
    """A `ProcessOutcome`, after the last events."""

    def __init__(
        self,
        recipe: Recipe,
        runs_directory: Path,
        resumed_run: str = "",
        task: Task = "run",
        sensitivity: SensitivityRequest | None = None,
    ) -> None:
        super().__init__()
        self._recipe = recipe
        self._runs_directory = runs_directory
        self._resumed_run = resumed_run
        self._task: Task = task
        self._sensitivity = sensitivity
        self._process: EngineProcess | None = None
        self._cancelled = False

    @property
    def process(self) -> EngineProcess | None:
        """The child, once it is started; may be commanded from any thread."""
        return self._process

    @Slot()
    def run(self) -> None:
        """Start the child and follow it to its end."""
        try:
            self._process = EngineProcess(
                self._recipe,
                self._runs_directory,
                resumed_run=self._resumed_run,
                task=self._task,
                sensitivity=self._sensitivity,
            )
        except OSError as error:
            self.ended.emit(ProcessOutcome.not_started(error))
            return
        if self._cancelled:
            self._process.cancel()
        with keeping_awake():
            for batch in self._process.batches():
                self.events.emit(batch)
        self.ended.emit(self._process.outcome())

    def cancel(self) -> None:
        """End the child, also where it is only about to start; may be called from any thread."""
        self._cancelled = True
        if self._process is not None:
            self._process.cancel()
