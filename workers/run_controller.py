"""The window's side of a run: starts the worker in its `QThread`, passes its signals on, and sends commands."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal, Slot

from engine.child.engine_job import Task
from engine.contract.recipe import Recipe
from engine.contract.sensitivity import SensitivityRequest
from workers.process_outcome import ProcessOutcome
from workers.run_worker import RunWorker

SHUT_DOWN_MS = 15_000


class RunController(QObject):
    """At most one run at a time. All methods return at once, but `shut_down`."""

    events = Signal(list)
    """Engine events that came together, in order."""
    ended = Signal(object)
    """A `ProcessOutcome`; another run may be started from now on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: QThread | None = None
        self._worker: RunWorker | None = None

    def is_running(self) -> bool:
        return self._worker is not None

    def start(
        self,
        recipe: Recipe,
        runs_directory: Path,
        resumed_run: str = "",
        task: Task = "run",
        sensitivity: SensitivityRequest | None = None,
    ) -> None:
        """Start an engine child on the recipe.

        Args:
            task: what it does with the recipe.
            resumed_run: the id of an earlier run of it to resume; empty: a new one.
            sensitivity: what to measure, for that task.

        Raises:
            RuntimeError: a run is in progress.
        """
        if self._worker is not None:
            raise RuntimeError("A run is in progress; cancel it before starting another.")
        self._thread = QThread(self)
        self._thread.setObjectName("engine-run")
        self._worker = RunWorker(recipe, runs_directory, resumed_run, task, sensitivity)
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.run)
        self._worker.events.connect(self.events)
        self._worker.ended.connect(self._on_ended)
        self._thread.start()

    def pause(self) -> None:
        """Hold at the next batch."""
        if self._worker and self._worker.process:
            self._worker.process.pause()

    def resume(self) -> None:
        if self._worker and self._worker.process:
            self._worker.process.resume()

    def stop_stage(self) -> None:
        """End the stage that trains now and keep its best model."""
        if self._worker and self._worker.process:
            self._worker.process.stop_stage()

    def cancel(self) -> None:
        """End the child; nothing that was finished is deleted."""
        if self._worker:
            self._worker.cancel()

    def shut_down(self) -> None:
        """Cancel and wait until child and thread are gone; for closing the window."""
        if self._thread is None:
            return
        self.cancel()
        self._thread.quit()
        self._thread.wait(SHUT_DOWN_MS)
        self._worker, self._thread = None, None

    @Slot(object)
    def _on_ended(self, outcome: ProcessOutcome) -> None:
        if self._thread is not None:
            self._thread.quit()
            self._thread.wait()
            self._thread.deleteLater()
        self._worker, self._thread = None, None
        self.ended.emit(outcome)
