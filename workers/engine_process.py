"""Starts and supervises one engine child. No Qt: the window's worker and the command line both use it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Literal

from pydantic import ValidationError

from engine.child.engine_job import EngineJob, Task
from engine.contract.events import (
    Command,
    EngineEvent,
    Event,
    RatesFound,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunStarted,
    SensitivityFound,
    event_line,
    parse_event,
)
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_document
from engine.contract.running_stage import RunningStage
from engine.contract.sensitivity import SensitivityRequest
from engine.launch.program import ENGINE_SWITCH, program_command
from engine.launch.thread_limit import thread_limit, with_thread_limit
from engine.preferences.entries.threads import Threads
from engine.preferences.preferences_file import read_preferences
from engine.store.event_file import EventFile
from engine.store.repeated_death import EVENTS, died_there_before
from workers.process_outcome import Ending, ProcessOutcome

BATCH_INTERVAL_S = 0.07
"""Events are handed on in batches, so that a window redraws at most some fifteen times a second."""
ASKED_S = 8.0
"""What a child gets to end by itself once it was asked to, before it is terminated."""
TERMINATED_S = 3.0
"""And once it was terminated, before it is killed."""
CLOSED_S = 10.0
"""What a child gets to leave after its closing event."""


class EngineProcess:
    """One engine child from start to end. Start it and read it from one thread; command it from any."""

    def __init__(
        self,
        recipe: Recipe,
        runs_directory: Path,
        give_way: bool = True,
        resumed_run: str = "",
        task: Task = "run",
        sensitivity: SensitivityRequest | None = None,
    ) -> None:
        self._job = EngineJob(
            recipe=recipe_document(recipe),
            runs_directory=runs_directory,
            give_way=give_way,
            resumed_run=resumed_run,
            task=task,
            sensitivity=sensitivity or SensitivityRequest(),
        )
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._closing: RunFinished | RatesFound | SensitivityFound | RunFailed | RunCancelled | None = None
        self._running = RunningStage()
        self._directory: Path | None = None
        """Of a run, once it has begun."""
        self._write_lock = threading.Lock()
        self._cancelled = threading.Event()
        self._early_output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `outcome`
        self._child = subprocess.Popen(
            program_command(ENGINE_SWITCH),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._early_output,
            env=_environment(),
            start_new_session=sys.platform != "win32",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self._write(self._job.model_dump_json())
        threading.Thread(target=self._read, name="engine-events", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._child.pid

    def batches(self) -> Iterator[list[EngineEvent]]:
        """The child's events as they come, in lists of those that came together; ends when the channel does."""
        while True:
            first = self._events.get()
            if first is None:
                return
            time.sleep(BATCH_INTERVAL_S)
            batch: list[EngineEvent] = [first]
            while not self._events.empty():
                event = self._events.get()
                if event is None:
                    yield batch
                    return
                batch.append(event)
            yield batch

    def outcome(self) -> ProcessOutcome:
        """How the child ended; waits for it, and ends it if it does not leave after it closed its channel."""
        try:
            self._child.wait(CLOSED_S)
        except subprocess.TimeoutExpired:
            self._signal(force=True)
            self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        outcome = ProcessOutcome.of_last_event(self._closing, self._child.returncode)
        if outcome.ending is Ending.DIED:
            again = self._directory is not None and died_there_before(self._directory)
            outcome = ProcessOutcome.of_last_event(None, self._child.returncode, self._running.name, again)
            if self._cancelled.is_set():
                outcome = ProcessOutcome.of_last_event(RunCancelled(), None)
                self._note_cancelled()
            elif last_output := self._last_output():
                outcome = replace(outcome, message=f"{outcome.message} Last output: {last_output}")
        self._early_output.close()
        return outcome

    def pause(self) -> None:
        """Hold at the next batch."""
        self._command("pause")

    def resume(self) -> None:
        self._command("resume")

    def stop_stage(self) -> None:
        """End the stage that trains now, keep its best model, and continue with the next."""
        self._command("stop")

    def cancel(self) -> None:
        """End the child: ask, then terminate, then kill. Returns at once; nothing that was finished is deleted."""
        if not self._cancelled.is_set():
            self._cancelled.set()
            threading.Thread(target=self._end, name="engine-cancel", daemon=True).start()

    def _end(self) -> None:
        self._command("cancel")
        for seconds, force in ((ASKED_S, False), (TERMINATED_S, True)):
            try:
                self._child.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                self._signal(force)

    def _signal(self, force: bool) -> None:
        with contextlib.suppress(OSError):
            if sys.platform == "win32":
                self._child.kill() if force else self._child.terminate()
            else:
                # The whole session, so that a measuring grandchild goes too.
                os.killpg(self._child.pid, signal.SIGKILL if force else signal.SIGTERM)

    def _command(self, command: Literal["pause", "resume", "stop", "cancel"]) -> None:
        self._write(Command(command=command).model_dump_json())

    def _write(self, line: str) -> None:
        assert self._child.stdin is not None
        with self._write_lock, contextlib.suppress(OSError, ValueError):
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()

    def _read(self) -> None:
        assert self._child.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            for line in self._child.stdout:
                try:
                    event = parse_event(line)
                except ValidationError:
                    continue  # Of a later version; the ones that matter are known.
                if isinstance(event, RunFinished | RatesFound | SensitivityFound | RunFailed | RunCancelled):
                    self._closing = event
                self._running.take(event)
                if isinstance(event, RunStarted):
                    self._directory = Path(event.directory)
                self._events.put(event)
        self._events.put(None)

    def _note_cancelled(self) -> None:
        """What the child could not say of itself: its run was not cut off by a fault."""
        if self._directory is not None:
            with contextlib.suppress(OSError), EventFile(self._directory / EVENTS) as log:
                log.append(event_line(RunCancelled()))

    def _last_output(self) -> str:
        self._early_output.seek(0)
        lines = self._early_output.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


def _environment() -> dict[str, str]:
    """Of the child: the preferences say how many threads it may take, where the environment does not."""
    threads = read_preferences().value(Threads)
    if thread_limit() is not None or not threads:
        return dict(os.environ)
    return with_thread_limit(os.environ, threads)
