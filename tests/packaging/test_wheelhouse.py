"""A wheelhouse of one small package: made by pip, installed without a network, and nothing with another hash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from wheelhouse import LOCK_FILE, NoWheelhouse, make_wheelhouse, offline

METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: hazel\nVersion: 1.5\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
MAIN = """
import sys
import hazel
sys.exit(print(hazel.KIND, *sys.argv[1:2]))
"""

LINUX = pytest.mark.skipif(sys.platform == "win32", reason="the installer is a shell script")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that needs one package, which pip finds in a folder."""
    index, checkout = tmp_path / "index", tmp_path / "checkout"
    index.mkdir()
    write_wheel(index, "nut")
    (checkout / "resources").mkdir(parents=True)
    shutil.copytree(Path(__file__).parents[2] / "resources" / "icons", checkout / "resources" / "icons")
    (checkout / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["hazel>=1,<2"]\n', "utf-8")
    (checkout / "constraints.txt").write_text("hazel==1.5\n", "utf-8")
    (checkout / "main.py").write_text(MAIN, "utf-8")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return checkout


def write_wheel(folder: Path, kind: str) -> None:
    with zipfile.ZipFile(folder / "hazel-1.5-py3-none-any.whl", "w") as wheel:
        wheel.writestr("hazel.py", f"KIND = {kind!r}\n")
        for name, text in METADATA.items():
            wheel.writestr(f"hazel-1.5.dist-info/{name}", text)
        wheel.writestr("hazel-1.5.dist-info/RECORD", "hazel.py,,\n")


def install(out: Path, home: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "XDG_"))}
    environment |= {"HOME": str(home), "PYTHON": sys.executable}
    command = ["sh", str(out / "install.sh")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@LINUX
def test_it_installs_without_a_network_and_runs_the_demo(program: Path, tmp_path: Path) -> None:
    made = make_wheelhouse(tmp_path / "out", program)
    assert (made.wheels, made.bytes) == (1, (tmp_path / "index" / "hazel-1.5-py3-none-any.whl").stat().st_size)
    home = tmp_path / "a home"
    done = install(made.folder, home)
    assert done.returncode == 0, done.stderr
    assert "The demo:\nnut run\n" in done.stdout
    entry = (home / ".local" / "share" / "applications" / "nutshell.desktop").read_text("utf-8")
    assert f'Exec="{home}/.local/opt/nutshell-python/nutshell" --demo\n' in entry
    started = subprocess.run(
        [home / ".local" / "bin" / "nutshell", "doctor"], capture_output=True, text=True, check=True
    )
    assert started.stdout == "nut doctor\n"


def test_a_wheel_with_another_hash_is_refused(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_wheelhouse(tmp_path / "out", program)
    # The wheel that the lock file means lies there, too.
    monkeypatch.delenv("PIP_FIND_LINKS")
    write_wheel(made.folder / "wheels", "stone")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", *offline(made.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr


@LINUX
def test_a_folder_of_somebody_else_is_left_alone(program: Path, tmp_path: Path) -> None:
    made = make_wheelhouse(tmp_path / "out", program)
    kept = tmp_path / "home" / ".local" / "opt" / "nutshell-python" / "thesis.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("kept", "utf-8")
    done = install(made.folder, tmp_path / "home")
    assert done.returncode == 3
    assert "is there and is no Nutshell" in done.stderr
    assert kept.read_text("utf-8") == "kept"


def test_the_lock_file_pins_the_hash(program: Path, tmp_path: Path) -> None:
    made = make_wheelhouse(tmp_path / "out", program)
    (line,) = (made.folder / LOCK_FILE).read_text("utf-8").splitlines()
    name, _, digest = line.partition(" --hash=sha256:")
    assert name == "hazel==1.5"
    assert len(digest) == 64
    with pytest.raises(NoWheelhouse, match="is not empty"):
        make_wheelhouse(made.folder, program)


def test_a_package_without_a_wheel_is_told(program: Path, tmp_path: Path) -> None:
    (program / "pyproject.toml").write_text('[project]\nname = "p"\ndependencies = ["walnut"]\n', "utf-8")
    with pytest.raises(NoWheelhouse, match="pip download failed: No matching distribution found for walnut"):
        make_wheelhouse(tmp_path / "out", program)
