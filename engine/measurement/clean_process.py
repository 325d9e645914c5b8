"""Starts a clean measuring process, waits for its answer, and ends it when the run is cancelled."""

from __future__ import annotations

import contextlib
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from pydantic import ValidationError

from engine.contract.errors import NutshellError
from engine.contract.progress import UNWATCHED, Progress
from engine.launch.program import MEASUREMENT_SWITCH, program_command
from engine.measurement.measurement_job import Job, LatencyJob, MeasurementAnswer

LONGEST_S = 900.0
POLL_S = 0.1


class MeasurementCrashed(NutshellError):
    """The process ended before it had answered."""

    def __init__(self, message: str, return_code: int) -> None:
        super().__init__(message)
        self.return_code = return_code


class MeasurementTooLong(NutshellError):
    """The process did not answer in time, and was ended."""


def measure_in_clean_process(
    job: Job,
    progress: Progress = UNWATCHED,
    longest_s: float = LONGEST_S,
    quiet: bool = False,
) -> MeasurementAnswer:
    """The answer of a fresh process to one job.

    Args:
        progress: asked ten times a second while waiting.
        quiet: what libraries print goes nowhere, as where stderr is a terminal and no log.

    Raises:
        NutshellError: a file does not run, or the process did not start, crashed, or took longer than `longest_s`.
        Cancelled: out of `progress`; the process is ended then.
    """
    with _started(quiet) as child, ThreadPoolExecutor(1) as reader:
        assert child.stdin is not None
        assert child.stdout is not None
        answer = reader.submit(child.stdout.read)
        try:
            # A process that is gone already says why by its exit code.
            with contextlib.suppress(OSError):
                child.stdin.write(job.model_dump_json().encode() + b"\n")
            _await(answer, progress, longest_s)
        except BaseException:
            child.kill()
            raise
    return _parsed(answer.result(), job, child.returncode)


def _started(quiet: bool) -> subprocess.Popen[bytes]:
    try:
        # What LiteRT prints goes where this process's own chatter goes: into the run's log.
        return subprocess.Popen(
            program_command(MEASUREMENT_SWITCH),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        reason = error.strerror or error
        message = f"A process to measure in could not be started ({reason}); close other programs and run it again."
        raise NutshellError(message) from None


def _await(answer: Future[bytes], progress: Progress, longest_s: float) -> None:
    started = time.monotonic()
    while not wait([answer], POLL_S).done:
        progress.raise_if_cancelled()
        if time.monotonic() - started > longest_s:
            message = f"Measuring took more than {longest_s:.0f} s and was ended; use a smaller network."
            raise MeasurementTooLong(message)


def _parsed(line: bytes, job: Job, return_code: int) -> MeasurementAnswer:
    try:
        answer = MeasurementAnswer.model_validate_json(line)
    except ValidationError:
        paths = job.files.values() if isinstance(job, LatencyJob) else [job.file]
        names = ", ".join(dict.fromkeys(Path(path).name for path in paths))
        raise MeasurementCrashed(
            f"The process that measured {names} crashed (exit code {return_code}); if the machine ran out of memory, "
            "close other programs and run the recipe again, else see the run's log.",
            return_code,
        ) from None
    if answer.error:
        raise NutshellError(answer.error)
    return answer
