"""What can be checked of the way the code is written: lint, format, types, and the size of files."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

MEDIAN_LINES = 200


OF_QT = re.compile(r'Unexpected keyword argument "\w+" for ("__init__" of )?"Q\w+"')


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)],
    ids=lambda command: " ".join(command),
)
def test_checks_pass(checkout: Path, command: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:]], cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_calls_of_our_own_have_the_arguments_that_they_need(checkout: Path, tmp_path: Path) -> None:
    """In the window mypy passes over arguments, as Qt's stubs do not know all of theirs; here only over those."""
    settings = (checkout / "pyproject.toml").read_text(encoding="utf-8")
    passed_over = 'disable_error_code = ["call-overload", "call-arg"]'
    assert passed_over in settings
    strict = tmp_path / "pyproject.toml"
    strict.write_text(settings.replace(passed_over, 'disable_error_code = ["call-overload"]'), encoding="utf-8")
    program = Path(sys.executable).with_name("mypy")
    done = subprocess.run(
        [program, "--config-file", strict, "--cache-dir", tmp_path / "cache"],
        cwd=checkout, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert any(OF_QT.search(line) for line in found), done.stdout + done.stderr
    assert [line for line in found if not OF_QT.search(line)] == []


def test_the_median_file_is_short(checkout: Path) -> None:
    lines = [
        len(path.read_text(encoding="utf-8").splitlines())
        for room in ("engine", "ui", "workers")
        for path in (checkout / room).rglob("*.py")
        if path.stat().st_size
    ]
    assert statistics.median(lines) < MEDIAN_LINES
