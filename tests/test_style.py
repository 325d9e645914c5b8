"""What can be checked of the way the code is written: lint, format, types, and the size of files."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

MEDIAN_LINES = 200


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=lambda command: " ".join(command),
)
def test_checks_pass(checkout: Path, command: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:]], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_median_file_is_short(checkout: Path) -> None:
    lines = [
        len(path.read_text(encoding="utf-8").splitlines())
        for room in ("engine", "ui", "workers")
        for path in (checkout / room).rglob("*.py")
        if path.stat().st_size
    ]
    assert statistics.median(lines) < MEDIAN_LINES
