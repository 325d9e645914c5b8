"""The program starts itself again, from a checkout and built, and leaves the system's programs their libraries."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.launch.resources import ICON, RESOURCES

PARENT = """
import sys
if sys.argv[1]:
    sys.frozen, sys.executable = True, sys.argv[1]
from engine.contract.errors import NutshellError
from engine.launch.program import program_command, typed_command
from engine.measurement.clean_process import measure_in_clean_process
from engine.measurement.measurement_job import MemoryJob
try:
    measure_in_clean_process(MemoryJob(file=sys.argv[2]))
except NutshellError as error:
    print(error, len(program_command()), typed_command("doctor"), sep="|")
"""
"""The program starts a measuring child; the built one is a file that starts it, as PyInstaller's does."""

BEGIN = """
import os, sys
if sys.argv[1]:
    sys.frozen = True
from engine.launch.program import begin_built_program
begin_built_program()
names = ("LD_LIBRARY_PATH", "LD_LIBRARY_PATH_ORIG", "PYINSTALLER_RESET_ENVIRONMENT")
print(*(os.environ.get(name, "none") for name in names))
"""


def run_in_checkout(checkout: Path, program: str, arguments: Sequence[str], **environment: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command, cwd=checkout, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="the file that stands for the built program is a shell script")
@pytest.mark.parametrize(
    ("built", "words", "typed"), [(False, 2, "python main.py doctor"), (True, 1, "nutshell doctor")]
)
def test_a_measuring_child_starts_and_answers(
    checkout: Path, tmp_path: Path, built: bool, words: int, typed: str
) -> None:
    starter, started = tmp_path / "nutshell", tmp_path / "started"
    starter.write_text(f'#!/bin/sh\ntouch "{started}"\nexec "{sys.executable}" "{checkout}/main.py" "$@"\n', "utf-8")
    starter.chmod(0o755)
    torn = tmp_path / "torn.tflite"
    torn.write_bytes(b"TFL3")
    answer, *said = run_in_checkout(checkout, PARENT, [str(starter) if built else "", str(torn)]).strip().split("|")
    assert "torn.tflite" in answer
    assert "crashed" not in answer, "the child says itself what is wrong with the file"
    assert said == [str(words), typed]
    assert started.exists() is built


@pytest.mark.parametrize(
    ("built", "orig", "left"), [(True, "/lab", "/lab"), (True, "", "none"), (False, "/lab", "/own")]
)
def test_other_programs_get_the_library_path_of_the_system(checkout: Path, built: bool, orig: str, left: str) -> None:
    said = run_in_checkout(
        checkout, BEGIN, ["built" if built else ""], LD_LIBRARY_PATH="/own", LD_LIBRARY_PATH_ORIG=orig
    )
    assert said.split() == [left, "none" if built else orig, "1" if built else "none"]


def test_files_are_found_beside_the_modules(checkout: Path) -> None:
    assert checkout / "resources" == RESOURCES
    assert ICON.is_file()
