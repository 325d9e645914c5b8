"""The measuring process: undisturbed by its parent, ended with it, and never a traceback."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.contract.errors import EXIT_STOPPED, NutshellError
from engine.contract.progress import Progress
from engine.launch.program import MEASUREMENT_SWITCH, program_command
from engine.measurement.clean_process import measure_in_clean_process
from engine.measurement.measurement_job import LatencyJob, MemoryJob
from tests.engine.measurement.conftest import SampleFiles

LONGEST_END_S = 5.0


def long_job(sample_files: SampleFiles) -> LatencyJob:
    """Work for minutes."""
    return LatencyJob(files={str(n): str(sample_files.path("large")) for n in range(60)}, threads=1)


def test_memory_does_not_depend_on_the_parent(sample_files: SampleFiles) -> None:
    job = MemoryJob(file=str(sample_files.path("float32")))
    before = measure_in_clean_process(job).peak_memory_bytes
    resident = np.ones(2**25)
    after = measure_in_clean_process(job).peak_memory_bytes
    assert resident.nbytes == 2**28
    assert after == pytest.approx(before, rel=0.25)
    assert before < 2**25


def test_a_larger_network_needs_more_memory(sample_files: SampleFiles) -> None:
    small, large = (
        measure_in_clean_process(MemoryJob(file=str(sample_files.path(name)))).peak_memory_bytes
        for name in ("float32", "large")
    )
    assert large > sample_files.path("large").stat().st_size > 4 * small / 3
    assert small > sample_files.path("float32").stat().st_size


def test_any_path_in_any_encoding(sample_files: SampleFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp1252")
    path = tmp_path / "Müller, Łódź 心" / "net.tflite"
    path.parent.mkdir()
    shutil.copyfile(sample_files.path("float32"), path)
    answer = measure_in_clean_process(LatencyJob(files={"心": str(path)}, threads=1))
    assert answer.latencies["心"].p50_ms > 0


def test_an_answer_longer_than_a_pipe_holds(sample_files: SampleFiles) -> None:
    """A pipe of Linux holds 64 KiB; a child that waits for a reader would never end."""
    names = [f"{number:02d}" * 700 for number in range(60)]
    job = LatencyJob(files=dict.fromkeys(names, str(sample_files.path("sigmoid"))), threads=1)
    assert list(measure_in_clean_process(job, longest_s=120).latencies) == names


def test_a_crash_is_a_sentence_that_names_the_file(sample_files: SampleFiles) -> None:
    def kill_the_child() -> None:
        for child in psutil.Process().children():
            if MEASUREMENT_SWITCH in child.cmdline():
                child.kill()

    with pytest.raises(NutshellError, match=r"measured large\.tflite crashed \(exit code -?\d+\); if the machine"):
        measure_in_clean_process(long_job(sample_files), Progress(kill_the_child))


def test_it_is_ended_when_it_takes_too_long(sample_files: SampleFiles) -> None:
    with pytest.raises(NutshellError, match="took more than 1 s and was ended"):
        measure_in_clean_process(long_job(sample_files), longest_s=1.0)
    assert not [child for child in psutil.Process().children() if MEASUREMENT_SWITCH in child.cmdline()]


def test_it_ends_at_once_when_its_stdin_closes(sample_files: SampleFiles) -> None:
    child = subprocess.Popen(
        program_command(MEASUREMENT_SWITCH), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with child:
        assert child.stdin is not None
        child.stdin.write(long_job(sample_files).model_dump_json().encode() + b"\n")
        child.stdin.flush()
        time.sleep(2)
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(LONGEST_END_S) == EXIT_STOPPED


def test_it_ends_when_its_parent_is_killed(sample_files: SampleFiles, checkout: Path) -> None:
    program = (
        "import sys\n"
        "from engine.measurement.clean_process import measure_in_clean_process\n"
        "from engine.measurement.measurement_job import LatencyJob\n"
        "measure_in_clean_process(LatencyJob.model_validate_json(sys.argv[1]))"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, long_job(sample_files).model_dump_json()],
        cwd=checkout,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        children = _children_of(parent.pid)
        parent.kill()
        _, alive = psutil.wait_procs(children, LONGEST_END_S)
    assert not alive


def _children_of(pid: int) -> list[psutil.Process]:
    """Its children, as soon as there are any."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if children := psutil.Process(pid).children():
            time.sleep(1)
            return children
        time.sleep(0.1)
    raise AssertionError("the parent started no child")
