"""The installer of the .tar.xz: into a home folder, over itself, away again, and never over what is not its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINUX = ROOT / "resources" / "packaging" / "linux"
PROGRAM = '#!/bin/sh\necho "started with $*"\n'

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="for Linux")


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """What the .tar.xz holds, with a small program in place of the large one."""
    folder = tmp_path / "unpacked"
    shutil.copytree(LINUX, folder)
    shutil.copytree(ROOT / "resources" / "icons", folder / "nutshell" / "_internal" / "resources" / "icons")
    write_program(folder, "2.17")
    return folder


def write_program(folder: Path, glibc: str) -> None:
    (folder / "nutshell" / "bundle-contents.json").write_text(f'{{\n "needs_glibc": "{glibc}"\n}}\n', "utf-8")
    (folder / "nutshell" / "nutshell").write_text(PROGRAM, "utf-8")
    (folder / "nutshell" / "nutshell").chmod(0o755)


def install(folder: Path, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    command = ["sh", str(folder / "install.sh"), *options]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home of Zoë"
    folder.mkdir()
    return folder


def test_it_installs_over_itself_and_away(unpacked: Path, home: Path) -> None:
    for _ in range(2):
        done = install(unpacked, home)
        assert (done.returncode, done.stderr) == (0, "")
    program = home / ".local" / "opt" / "nutshell" / "nutshell"
    entry = home / ".local" / "share" / "applications" / "nutshell.desktop"
    lines = entry.read_text("utf-8").splitlines()
    assert f'Exec="{program}"' in lines
    assert f'Exec="{program}" --demo' in lines
    assert (home / ".local" / "share" / "icons" / "hicolor" / "256x256" / "apps" / "nutshell.png").is_file()
    if validate := shutil.which("desktop-file-validate"):
        checked = subprocess.run([validate, entry], capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stdout) == (0, "")
    started = subprocess.run(
        [home / ".local" / "bin" / "nutshell", "--demo"], capture_output=True, text=True, check=True
    )
    assert started.stdout == "started with --demo\n"
    assert not list(program.parents[1].glob("*.new"))
    removed = install(unpacked, home, "--remove")
    assert removed.returncode == 0, removed.stderr
    assert not program.parent.exists()
    assert not entry.exists()
    assert not (home / ".local" / "bin" / "nutshell").is_symlink()


def test_it_installs_where_it_is_told(unpacked: Path, home: Path) -> None:
    assert install(unpacked, home, "--to", "apps/nutshell").returncode == 0
    assert (home / "apps" / "nutshell" / "nutshell").is_file()


@pytest.mark.parametrize("option", [[], ["--remove"]])
def test_a_folder_of_somebody_else_stays(unpacked: Path, home: Path, option: list[str]) -> None:
    thesis = home / "lab" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("kept", "utf-8")
    done = install(unpacked, home, "--to", str(thesis.parent), *option)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert thesis.read_text("utf-8") == "kept"


def test_an_older_system_is_refused(unpacked: Path, home: Path) -> None:
    write_program(unpacked, "2.99")
    done = install(unpacked, home)
    assert done.returncode == 3
    assert done.stderr.endswith("and the program needs 2.99 or newer; use a newer release of the system.\n")
    assert not (home / ".local").exists()
