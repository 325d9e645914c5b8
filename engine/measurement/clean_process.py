"""Starts a clean measuring process, waits for its answer, and ends it when the run is cancelled."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from pydantic import ValidationError

from engine.contract.errors import NutshellError
from engine.contract.program import MEASUREMENT_SWITCH, program_command
from engine.measurement.job import LatencyJob, MeasurementAnswer, MemoryJob

LONGEST_S = 900.0
POLL_S = 0.1


def measure_in_clean_process(
    job: LatencyJob | MemoryJob, raise_if_cancelled: Callable[[], None] = lambda: None, longest_s: float = LONGEST_S
) -> MeasurementAnswer:
    """The answer of a fresh process to one job.

    Raises:
        NutshellError: a file does not run, or the process crashed or took longer than `longest_s`.
        Cancelled: out of `raise_if_cancelled`; the process is ended then.
    """
    child = subprocess.Popen(
        program_command(MEASUREMENT_SWITCH), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(job.model_dump_json().encode() + b"\n")
        child.stdin.flush()
        started = time.monotonic()
        while child.poll() is None:
            raise_if_cancelled()
            if time.monotonic() - started > longest_s:
                raise NutshellError(f"Measuring took more than {longest_s:.0f} s and was ended; use a smaller network.")
            time.sleep(POLL_S)
        line = child.stdout.readline()
    except BrokenPipeError:
        line = b""
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdin.close()
        child.stdout.close()
    return _answer(line, child.returncode)


def _answer(line: bytes, return_code: int) -> MeasurementAnswer:
    try:
        answer = MeasurementAnswer.model_validate_json(line)
    except ValidationError:
        message = f"A .tflite file crashed the interpreter (exit code {return_code}); please report it with the file."
        raise NutshellError(message) from None
    if answer.error:
        raise NutshellError(answer.error)
    return answer
