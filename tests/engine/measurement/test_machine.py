"""What the machine is called, and how much of it may be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.measurement.machine import core_count, cpu_name


def test_the_processor_has_a_name_of_one_line() -> None:
    assert cpu_name() == " ".join(cpu_name().split()) != ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process to some cores this way")
def test_cores_that_are_withheld_do_not_count(checkout: Path) -> None:
    program = (
        "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])\n"
        "from engine.measurement.machine import core_count; print(core_count())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert 1 <= core_count() <= (psutil.cpu_count() or 1)
