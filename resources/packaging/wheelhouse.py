"""A folder that installs Nutshell without a network: python resources/packaging/wheelhouse.py OUT

It holds every wheel that the program needs on a system of this kind with this Python, a lock file with the SHA-256 of
each, the program itself, and scripts that install and try it. Needs pip and a network, and no other package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = ("main.py", "engine", "ui", "workers", "resources", "pyproject.toml", "constraints.txt", "LICENSE")
"""What of a checkout the program consists of; what is not there is left out."""
INSTALLERS = ("offline/install.sh", "offline/install.bat", "linux/menu_entry.sh", "linux/nutshell.desktop")
LOCK_FILE = "requirements.lock"
MADE_FOR_FILE = "made-for.json"
FAILED = 3


class NoWheelhouse(Exception):
    """It cannot be made; the message says why, and what to do."""


@dataclass(frozen=True)
class Wheelhouse:
    """What was written."""

    folder: Path
    wheels: int
    bytes: int
    """Of the wheels."""


def make_wheelhouse(out: Path, checkout: Path = CHECKOUT) -> Wheelhouse:
    """Fill a new folder.

    Args:
        checkout: the program's folder, with its pyproject.toml and constraints.txt.

    Raises:
        NoWheelhouse: the folder is not empty, a package has no wheel for this system, or the wheels do not fit.
    """
    if out.exists() and any(out.iterdir()):
        raise NoWheelhouse(f"The folder {out} is not empty; name a new one.")
    wheels = out / "wheels"
    wheels.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        asked = Path(scratch) / "requirements.txt"
        asked.write_text("\n".join(_requirements(checkout)) + "\n", encoding="utf-8")
        pinned = ("-c", str(checkout / "constraints.txt"), "-r", str(asked))
        _pip("download", "-q", "--only-binary", ":all:", "-d", str(wheels), *pinned)
    files = sorted(wheels.glob("*.whl"))
    lock = out / LOCK_FILE
    lock.write_text("".join(_locked(file) for file in files), encoding="utf-8")
    # As the installer will: nothing is missing, and every hash holds.
    _pip("install", "-q", "--dry-run", "--ignore-installed", *offline(out))
    for part in filter(Path.exists, (checkout / name for name in PROGRAM)):
        _copy(part, out / "program" / part.name)
    for script in INSTALLERS:
        shutil.copy(CHECKOUT / "resources" / "packaging" / script, out)
    (out / MADE_FOR_FILE).write_text(json.dumps(made_for()) + "\n", encoding="utf-8")
    return Wheelhouse(out, len(files), sum(file.stat().st_size for file in files))


def offline(out: Path) -> tuple[str, ...]:
    """pip's options to take all from the folder and nothing whose hash is another."""
    return ("--no-index", "--find-links", str(out / "wheels"), "--require-hashes", "-r", str(out / LOCK_FILE))


def made_for() -> dict[str, str]:
    """The kind of Python and of system whose wheels these are."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "system": platform.system(), "machine": platform.machine()}


def _requirements(checkout: Path) -> list[str]:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project.get("optional-dependencies", {}).get("micro", [])]


def _locked(wheel: Path) -> str:
    name, version = wheel.name.split("-")[:2]
    with wheel.open("rb") as file:
        return f"{name}=={version} --hash=sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}\n"


def _copy(part: Path, to: Path) -> None:
    if part.is_dir():
        shutil.copytree(part, to, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        to.parent.mkdir(exist_ok=True)
        shutil.copy(part, to)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [done.stderr.strip()]
        raise NoWheelhouse(f"pip {arguments[0]} failed: {errors[-1].removeprefix('ERROR:').strip()}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make a folder that installs Nutshell without a network.")
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
    chosen = parser.parse_args(arguments)
    try:
        made = make_wheelhouse(chosen.out)
    except NoWheelhouse as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    script = "install.bat" if sys.platform == "win32" else "sh install.sh"
    kind = made_for()
    sys.stdout.write(
        f"{made.wheels} wheels, {made.bytes / 1e6:,.0f} MB, for Python {kind['python']} on {kind['system']} "
        f"{kind['machine']}, in {made.folder}.\nTo install there: {script}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
