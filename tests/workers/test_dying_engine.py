"""An engine that dies without a word: what is said names the stage that was under way."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from engine.contract.events import StageStarted
from engine.report.reported_run import read_run
from tests.small_study import small_recipe
from workers.engine_process import EngineProcess
from workers.process_outcome import Ending


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_the_stage_is_named_and_memory_is_not_blamed(tmp_path: Path, heart_folder: Path) -> None:
    process = EngineProcess(small_recipe(heart_folder), tmp_path)
    for batch in process.batches():
        if any(isinstance(event, StageStarted) for event in batch):
            os.kill(process.pid, signal.SIGABRT)
    outcome = process.outcome()
    (directory,) = (tmp_path / "runs").iterdir()
    assert outcome.ending is Ending.DIED
    assert '(signal 6) in the stage "Baseline' in outcome.message
    assert "memory" not in outcome.message
    assert 'cut off, in the stage "Baseline' in read_run(directory).unfinished
