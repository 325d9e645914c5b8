"""What of the program's packages is installed, read from metadata: nothing is imported."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from engine.doctor.health_check import Trouble
from engine.launch.program import is_built

CHECKOUT = Path(__file__).resolve().parents[2]
NAMED = 4
"""Packages that a sentence names."""
WITH_PIP = f"{Path(sys.executable).name} -m pip install -c constraints.txt"
GLIBC_TAG = re.compile(r"manylinux_(\d+)_(\d+)_")
NAME = re.compile(r"[A-Za-z0-9._-]+")


def installed(package: str) -> Distribution | None:
    """Its metadata; None: it is not installed."""
    try:
        return distribution(package)
    except PackageNotFoundError:
        return None


def missing_packages(extra: str = "") -> list[str]:
    """Those that pyproject.toml asks for, or its extra does, and that this Python does not have.

    What only some systems need is left out. Empty in a built program, which has no pyproject.toml.
    """
    try:
        project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except OSError:
        return []
    wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
    names = [found[0] for one in wanted if ";" not in one and (found := NAME.match(one))]
    return [name for name in names if installed(name) is None]


def tried_versions() -> dict[str, str]:
    """Package, in lower case → the version that constraints.txt names."""
    try:
        lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.split("==") for line in lines if "==" in line)
    return {_plain(name): version.strip() for name, version in pairs}


def tried_version(package: str) -> str:
    """That of constraints.txt; empty where it names none."""
    return tried_versions().get(_plain(package), "")


def lost_libraries(package: Distribution) -> list[str]:
    """Names of its compiled files that are gone or cut off, as an installation leaves them that was broken off."""
    compiled = [file for file in package.files or () if ".so" in file.suffixes or file.suffix in (".pyd", ".dll")]
    return [file.name for file in compiled if not _is_whole(Path(str(file.locate())), file.size)]


def needed_glibc(package: Distribution) -> tuple[int, int] | None:
    """The oldest glibc that its wheel runs on; None: any, or it does not say."""
    tags = GLIBC_TAG.findall(package.read_text("WHEEL") or "")
    return min((int(major), int(minor)) for major, minor in tags) if tags else None


def missing_trouble(names: list[str], extra: str = "") -> Trouble:
    """What to do where packages are missing: they may be there for the Python of `.venv`."""
    missing_names = ", ".join(names[:NAMED])
    what = f"This Python lacks packages that Nutshell needs: {missing_names}."
    if len(names) > NAMED:
        what = f"This Python lacks packages that Nutshell needs: {missing_names} and {len(names) - NAMED} more."
    own = CHECKOUT / ".venv"
    if not extra and (own / "bin" / "python").is_file() and Path(sys.prefix) != own:
        return Trouble(what, "Use the one that they are installed for: .venv/bin/python main.py")
    target = f"'.[{extra}]'" if extra else "."
    setup = "sh setup.sh --tests" if extra else "sh setup.sh"
    return Trouble(what, f"In the program's folder, run {setup}, or {WITH_PIP} {target}")


def reinstall_remedy(package: str) -> str:
    """How to install one package again, without a full stop; a built program is installed as a whole."""
    if is_built():
        return "Install Nutshell again"
    return f"Install it again: {WITH_PIP} --force-reinstall --no-deps {package}"


def _is_whole(path: Path, size: int | None) -> bool:
    try:
        return size is None or path.stat().st_size == size
    except OSError:
        return False


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
