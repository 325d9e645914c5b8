"""On a machine that lacks something, the program and its tests end with one sentence that says what to do."""

from __future__ import annotations

import ast
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.doctor.system_library import NeededBy, missing_libraries
from tests.bare_system import can_hide, libraries_of_the_window, replaced, run_program

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="Qt's libraries as Linux has them")
HIDING = pytest.mark.skipif(not can_hide(), reason="this system lets no process hide files from itself")
WAYLAND = pytest.mark.skipif(
    bool(missing_libraries((NeededBy.WAYLAND,))), reason="Qt's libraries for Wayland are missing"
)
DEMO = "resources/recipes/demo.toml"
BEFORE_THE_CHECK = ("main.py", "engine/launch/garbage_collector.py", "engine/launch/program.py", "engine/__init__.py")
DECODED_S = 120


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What it said on the error stream, which is one line and no traceback."""
    assert done.returncode == 3, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert "Traceback" not in line
    return line


@HIDING
@pytest.mark.parametrize("environment", [{"DISPLAY": ":1"}, {"QT_QPA_PLATFORM": "offscreen"}])
def test_without_qts_libraries_the_window_names_the_packages(checkout: Path, environment: dict[str, str]) -> None:
    bare = replaced(libraries_of_the_window(), sys.executable, "main.py")
    said = one_sentence(run_program(bare, checkout, **environment))
    assert said.startswith("Qt cannot start here because libEGL.so.1, libGL.so.1, ")
    for packages in (
        "sudo apt-get install -y libegl1 ",
        "sudo dnf install -y libglvnd-egl ",
        "sudo pacman -S libglvnd ",
    ):
        assert packages in said


@HIDING
def test_without_them_the_demo_runs_in_the_terminal(checkout: Path, tmp_path: Path) -> None:
    bare = replaced(libraries_of_the_window(), sys.executable, "-u", "main.py", "--demo", "--runs", tmp_path)
    demo = subprocess.Popen(
        bare,
        cwd=checkout,
        env=os.environ | {"DISPLAY": ":1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    said: list[str] = []
    for line in demo.stdout:
        said.append(line)
        if line.startswith("Images: "):
            demo.send_signal(signal.SIGINT)
            break
    rest, _ = demo.communicate(timeout=DECODED_S)
    assert demo.returncode == 130, "".join(said) + rest
    assert said[0].startswith("Qt cannot start here because ")
    assert said[1] == "So the demo runs here, without the window.\n"


@HIDING
@pytest.mark.parametrize("place", [(), ("tests/ui",)])
def test_without_them_the_tests_say_what_they_lack(checkout: Path, place: tuple[str, ...]) -> None:
    done = run_program(replaced(libraries_of_the_window(), sys.executable, "-m", "pytest", *place), checkout)
    assert one_sentence(done).startswith("The tests cannot run here. Qt cannot start here because libEGL.so.1, ")
    assert done.stdout == ""


@HIDING
def test_the_doctor_names_them_too(checkout: Path) -> None:
    done = run_program(replaced(libraries_of_the_window(), sys.executable, "main.py", "doctor"), checkout)
    assert done.returncode == 3
    assert "for Wayland:    missing: libwayland-client.so.0, libwayland-cursor.so.0" in done.stdout
    assert "1 thing is wrong:\n1. Qt cannot start here because libEGL.so.1" in done.stdout


@HIDING
@pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX is x86's")
def test_without_avx_the_engine_says_so_before_it_starts(checkout: Path, tmp_path: Path) -> None:
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    (tmp_path / "cpuinfo").write_text(re.sub(r"\bavx\w*", "", flags), encoding="utf-8")
    old = {"/proc/cpuinfo": str(tmp_path / "cpuinfo")}
    run = [sys.executable, "main.py", "run", DEMO, "--runs", str(tmp_path / "runs")]
    assert "has no AVX instructions" in one_sentence(run_program(replaced(old, *run), checkout))
    done = run_program(replaced(old, sys.executable, "main.py", "doctor"), checkout)
    assert done.returncode == 3
    assert "AVX no, AVX2 no" in done.stdout
    assert "has no AVX instructions" in done.stdout


@LINUX
@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "There is no display to open the window on."),
        ({"DISPLAY": ":717"}, "The display does not answer (DISPLAY=:717)."),
        pytest.param(
            {"WAYLAND_DISPLAY": "nowhere"}, "The display does not answer (WAYLAND_DISPLAY=nowhere).", marks=WAYLAND
        ),
        pytest.param(
            {"WAYLAND_DISPLAY": "x", "DISPLAY": ":717"},
            "The display does not answer (WAYLAND_DISPLAY=x and DISPLAY=:717).",
            marks=WAYLAND,
        ),
        ({"QT_QPA_PLATFORM": "xbc"}, 'QT_QPA_PLATFORM is "xbc", which this Qt does not have.'),
        ({"QT_QPA_PLATFORM": "xcb"}, "The display does not answer (DISPLAY is not set)."),
    ],
)
def test_without_a_display_it_says_so(checkout: Path, environment: dict[str, str], sentence: str) -> None:
    assert one_sentence(run_program([sys.executable, "main.py"], checkout, **environment)).startswith(sentence)


def test_a_broken_tensorflow_is_told_with_a_way_out(checkout: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "tensorflow"
    broken.mkdir(parents=True)
    message = "Traceback:\\nImportError: libfoo.so.1: cannot open\\n\\nFailed to load the native TensorFlow runtime."
    (broken / "__init__.py").write_text(f'raise ImportError("{message}")\n', encoding="utf-8")
    run = [sys.executable, "main.py", "run", DEMO, "--runs", str(tmp_path / "runs")]
    done = run_program(run, checkout, PYTHONPATH=str(tmp_path / "broken"))
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("tensorflow cannot be loaded (libfoo.so.1: cannot open). Install it")
    assert "Traceback" not in done.stdout + done.stderr


def test_a_broken_qt_is_told_with_a_way_out(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "PySide6").mkdir()
    (tmp_path / "PySide6" / "__init__.py").write_text(
        "raise ImportError('libc.so.6: version `GLIBC_2.34 not found')\n", encoding="utf-8"
    )
    broken = {"PYTHONPATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    said = one_sentence(run_program([sys.executable, "main.py"], checkout, **broken))
    assert said.startswith("PySide6-Essentials cannot be loaded (libc.so.6: version `GLIBC_2.34 not found).")


@LINUX
def test_a_python_without_the_packages_says_how_to_install_them_and_the_doctor_runs(
    checkout: Path, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    for arguments in ([], ["run", DEMO]):
        said = one_sentence(run_program([python, "main.py", *arguments], checkout))
        assert said.startswith("This Python lacks packages that Nutshell needs: ai-edge-litert, ")
    done = run_program([python, "main.py", "doctor"], checkout)
    assert (done.returncode, done.stderr) == (3, "")
    assert "TensorFlow: not installed" in done.stdout


@pytest.mark.parametrize("minor", [8, 9, 10])
def test_a_python_that_is_too_old_is_told(checkout: Path, minor: int) -> None:
    for file in BEFORE_THE_CHECK:
        ast.parse((checkout / file).read_text(encoding="utf-8"), feature_version=(3, minor))
    start = f"import runpy, sys; sys.version_info = (3, {minor}, 2); sys.argv = ['main.py']; "
    done = run_program([sys.executable, "-c", f"{start}runpy.run_path('main.py', run_name='__main__')"], checkout)
    assert one_sentence(done).startswith(f"Nutshell needs Python 3.11 or newer, and this is Python 3.{minor}.2; ")


@LINUX
def test_the_setup_says_what_it_cannot_do(checkout: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        (tmp_path / name).write_bytes(old.read_bytes())
        (tmp_path / name).chmod(0o755)
    done = run_program(["sh", "setup.sh"], checkout, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert one_sentence(done).startswith("Nutshell needs Python 3.11, 3.12 or 3.13, and none of them is here;")
    assert run_program(["sh", "setup.sh", "--foo"], checkout).returncode == 2
