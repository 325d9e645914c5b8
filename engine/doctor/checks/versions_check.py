"""Versions of what figures and the window depend on, and whether all of it is installed whole."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import Distribution
from typing import ClassVar

from engine.doctor.health_check import CheckedFolders, CheckedPart, Fact, HealthCheck, Trouble
from engine.doctor.installed_packages import (
    installed,
    lost_libraries,
    missing_packages,
    missing_trouble,
    needed_glibc,
    reinstall_remedy,
    tried_version,
)
from engine.launch.program import VERSION

PACKAGES = {
    "TensorFlow": "tensorflow",
    "tf_keras": "tf_keras",
    "TFMOT": "tensorflow-model-optimization",
    "PySide6": "PySide6-Essentials",
    "LiteRT": "ai-edge-litert",
    "NumPy": "numpy",
}
MUSL = Trouble(
    "This system's C library is not glibc, and TensorFlow has no packages for another one.",
    "Use a distribution with glibc, such as Debian, Ubuntu, Fedora or Arch.",
)


class VersionsCheck(HealthCheck):
    """Reads metadata only."""

    key: ClassVar[str] = "versions"
    title: ClassVar[str] = "Versions"
    place: ClassVar[int] = 1

    def look(self, folders: CheckedFolders) -> CheckedPart:
        found = {title: package for title, name in PACKAGES.items() if (package := installed(name)) is not None}
        facts = [
            Fact("Nutshell", VERSION),
            Fact("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
            Fact("System", f"{_distribution()} ({platform.system()} {platform.release()}, {platform.machine()})"),
        ]
        troubles = []
        if missing := missing_packages():
            troubles.append(missing_trouble(missing))
        if sys.platform.startswith("linux"):
            library, version = platform.libc_ver()
            facts.append(Fact("C library", f"{library} {version}".strip() or "not glibc"))
            troubles += _glibc_troubles(library, version, found)
        for title, name in PACKAGES.items():
            facts.append(Fact(title, _version(name, found.get(title))))
        troubles += _lost(found)
        return CheckedPart(self.title, tuple(facts), tuple(troubles))


def _version(name: str, package: Distribution | None) -> str:
    if package is None:
        return "not installed"
    tried = tried_version(name)
    return package.version if tried in ("", package.version) else f"{package.version} (tried with {tried})"


def _lost(found: dict[str, Distribution]) -> list[Trouble]:
    troubles = []
    for title, package in found.items():
        if lost := lost_libraries(package):
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            troubles.append(
                Trouble(
                    f"{title} is installed in part: {lost[0]}{more} is missing or cut off.",
                    reinstall_remedy(package.name),
                )
            )
    return troubles


def _glibc_troubles(library: str, version: str, found: dict[str, Distribution]) -> list[Trouble]:
    if library != "glibc":
        return [MUSL]
    here = tuple(int(part) for part in version.split(".")[:2])
    too_new = {title: needed for title, package in found.items() if (needed := needed_glibc(package) or (0, 0)) > here}
    return [
        Trouble(
            f"{title} needs glibc {needed[0]}.{needed[1]} or newer, and this system has {version}.",
            "Use a newer release of the system, such as Debian 12, Ubuntu 22.04 or Fedora 35.",
        )
        for title, needed in too_new.items()
    ]


def _distribution() -> str:
    """Such as "Debian GNU/Linux 12 (bookworm)"."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)
