"""Runs a file in one runtime; in a clean process, which native code may end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.runtime import RUNTIMES
from engine.measurement.measurement_job import RuntimeAnswer, RuntimeJob


def run_in_runtime(job: RuntimeJob) -> RuntimeAnswer:
    """What a runtime makes of a file; its outputs go into the job's file."""
    try:
        found = RUNTIMES[job.runtime]().answers(Path(job.file), np.load(job.images, allow_pickle=False))
    except NutshellError as error:
        return RuntimeAnswer(refusal=str(error))
    np.save(job.outputs, found.outputs.astype(np.float32, copy=False), allow_pickle=False)
    return RuntimeAnswer(arena_bytes=found.arena_bytes, operators=found.operators)
