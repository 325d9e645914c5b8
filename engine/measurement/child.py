"""A clean process that measures: LiteRT and NumPy only. Reads a job, answers, ends with its parent."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

# Loaded before the job is read, so that no library is while another thread waits on stdin: that can hang on Windows.
import ai_edge_litert.interpreter  # noqa: F401

from engine.contract.errors import EXIT_DONE, EXIT_STOPPED, NutshellError
from engine.launch.process import die_with_parent
from engine.measurement.latency import time_in_turn
from engine.measurement.measurement_job import JOB, LatencyJob, MeasurementAnswer, MeasurementJob, MicroJob, RuntimeJob
from engine.measurement.memory import peak_memory_gain
from engine.measurement.micro import compared_in_micro
from engine.measurement.runtime_run import run_in_runtime


def main() -> int:
    """Do one job; returns the exit code."""
    # LiteRT prints on stdout, so the answer gets a descriptor of its own.
    answers = os.dup(1)
    os.dup2(2, 1)
    die_with_parent()
    # Bytes: the text of stdin has the platform's encoding, and the job is UTF-8.
    job = JOB.validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        answer = _measure(job)
    except NutshellError as error:
        answer = MeasurementAnswer(error=str(error))
    answer = answer.model_copy(update={"tensorflow_loaded": "tensorflow" in sys.modules})
    with os.fdopen(answers, "wb") as channel:
        channel.write(answer.model_dump_json().encode() + b"\n")
    return EXIT_DONE


def _measure(job: MeasurementJob) -> MeasurementAnswer:
    if isinstance(job, LatencyJob):
        files = {name: Path(path) for name, path in job.files.items()}
        return MeasurementAnswer(latencies=time_in_turn(files, job.threads, baselines=job.baselines))
    if isinstance(job, MicroJob):
        return MeasurementAnswer(micro=compared_in_micro(Path(job.plain), Path(job.file), Path(job.images)))
    if isinstance(job, RuntimeJob):
        return MeasurementAnswer(runtime=run_in_runtime(job))
    return MeasurementAnswer(peak_memory_bytes=peak_memory_gain(Path(job.file)))


def _end_with_parent() -> None:
    """Wait for the end of stdin, on the bare descriptor: `sys.stdin` may not be locked when the process ends."""
    while os.read(0, 1024):
        pass
    os._exit(EXIT_STOPPED)
