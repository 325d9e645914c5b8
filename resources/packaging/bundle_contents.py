"""What a bundle holds: distributions with their versions, and every file. The build writes it for lists of licences."""

from __future__ import annotations

import json
import platform
import re
import tomllib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

CHECKOUT = Path(__file__).resolve().parents[2]
CONTENTS_FILE = "bundle-contents.json"
WITHOUT_CUDA = "tensorflow-cpu"
"""A build of TensorFlow that may be installed over the usual one: the same files, without what computes on NVIDIA's
graphics cards. Where it is, a bundle lists both names for them."""
INTERNAL = "_internal"
"""The folder beside the program in which PyInstaller puts all else."""


@dataclass(frozen=True)
class BundledDistribution:
    """One package of a bundle."""

    name: str
    version: str
    files: int
    """How many of its files lie in the bundle's folder."""
    bytes: int
    """Of those."""
    modules: int
    """How many of its modules lie in the program's archive."""


@dataclass(frozen=True)
class BundleContents:
    """All of a bundle."""

    program: str
    python: str
    system: str
    """Such as "Linux x86_64"."""
    needs_glibc: str
    """The oldest on which every compiled file loads, such as "2.34"; empty: not Linux."""
    bytes: int
    """Of all files; one with several names counts once."""
    distributions: tuple[BundledDistribution, ...]
    files: dict[str, int]
    """Path in the bundle → bytes; symbolic links are left out."""

    def write(self, bundle: Path) -> None:
        (bundle / CONTENTS_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def contents_of(bundle: Path, modules: Collection[str], program: str, needs_glibc: str) -> BundleContents:
    """What lies in a bundle.

    Args:
        modules: the names of those in the program's archive.
        program: the version of the program.
    """
    paths = sorted(path for path in bundle.rglob("*") if path.is_file() and not path.is_symlink())
    files = {path.relative_to(bundle).as_posix(): path.stat().st_size for path in paths}
    files.pop(CONTENTS_FILE, None)
    held = [_held(distribution(name), files, modules) for name in needed_distributions()]
    return BundleContents(
        program=program,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        needs_glibc=needs_glibc,
        bytes=sum(files.values()),
        distributions=tuple(one for one in held if one.files or one.modules),
        files=files,
    )


def needed_distributions() -> tuple[str, ...]:
    """What pyproject.toml asks for, with what that asks for, as far as this Python has it; in alphabetical order."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (*project["dependencies"], *project["optional-dependencies"]["micro"])
    asked = [(Requirement(line), "") for line in (*lines, WITHOUT_CUDA)]
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while asked:
        requirement, extra = asked.pop()
        key = (plain_name(requirement.name), frozenset(requirement.extras))
        if key in seen or (requirement.marker is not None and not requirement.marker.evaluate({"extra": extra})):
            continue
        seen.add(key)
        try:
            package = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        found[key[0]] = package.name
        asked += [(Requirement(line), one) for line in package.requires or () for one in (*requirement.extras, "")]
    return tuple(found[name] for name in sorted(found))


def _held(package: Distribution, files: dict[str, int], modules: Collection[str]) -> BundledDistribution:
    own = [file.as_posix() for file in package.files or () if ".dist-info/" not in file.as_posix()]
    sizes = [files[path] for file in own if (path := f"{INTERNAL}/{file}") in files]
    names = {file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in own}
    return BundledDistribution(package.name, package.version, len(sizes), sum(sizes), len(names & set(modules)))


def plain_name(name: str) -> str:
    """As names of distributions are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()
