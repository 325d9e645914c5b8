"""From process start to the painted wizard: at most 1.0 s, median of ten."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUNS = 10
LONGEST_S = 1.0


@pytest.mark.benchmark
def test_the_wizard_is_painted_within_a_second(checkout: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(checkout / "main.py"), "--report-start", "--runs", str(tmp_path)]
    # A plain window system where there is one; else Qt paints into memory.
    environment = os.environ | ({} if os.environ.get("DISPLAY") else {"QT_QPA_PLATFORM": "offscreen"})
    environment |= {"XDG_CONFIG_HOME": str(tmp_path), "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode")}
    # A user's Python keeps compiled modules; the first start, which is not counted, makes them.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    seconds = [_seconds_to_paint(command, environment) for _ in range(RUNS + 1)][1:]
    median = statistics.median(seconds)
    print(f"\nprocess start to painted wizard: median {median:.2f} s of {', '.join(f'{s:.2f}' for s in seconds)}")
    assert median <= LONGEST_S


def _seconds_to_paint(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"painted\n"
        return time.perf_counter() - started
