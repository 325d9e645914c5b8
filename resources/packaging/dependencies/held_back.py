"""Which pins are behind, and what keeps a package from its newest version."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from dependencies.package_index import Release, Releases, newest_alone, newest_together
from dependencies.pins import Pin

PROGRAM = "pyproject.toml"
UNEXPLAINED = "its newest version does not go together with the others"


@dataclass(frozen=True)
class PackageStatus:
    """One package: what is pinned, what could be, and why it is no more."""

    name: str
    pinned: str
    """Empty: it would be installed, and no pin says which version."""
    allowed: str
    """The newest that goes together with all others."""
    newest: str
    """The newest that this Python can install."""
    held_back_by: tuple[str, ...]
    """Each that forbids the newest, such as "tensorflow 2.21.0 needs h5py<3.15"; empty where none does."""

    @property
    def is_behind(self) -> bool:
        return bool(self.pinned) and Version(self.pinned) != Version(self.allowed)

    @property
    def is_held_back(self) -> bool:
        return Version(self.allowed) < Version(self.newest)


@dataclass(frozen=True)
class Outlook:
    """What an update would bring."""

    packages: tuple[PackageStatus, ...]
    """All that an installation with every extra has, by name."""
    releases: Releases
    """The newest that go together."""
    not_needed: tuple[str, ...]
    """Pinned, but nothing asks for them on this system and Python."""

    @property
    def behind(self) -> tuple[PackageStatus, ...]:
        return tuple(one for one in self.packages if one.is_behind)

    @property
    def held_back(self) -> tuple[PackageStatus, ...]:
        return tuple(one for one in self.packages if one.is_held_back)

    @property
    def unpinned(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.packages if not one.pinned)


def look(checkout: Path, pins: Mapping[str, Pin]) -> Outlook:
    """Ask the index; takes minutes, as pip reads a page of the index for each package.

    Raises:
        DependencyError: the index cannot be reached, or nothing goes together.
    """
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    own = Release(PROGRAM, "", (*project["dependencies"], *(one for extra in extras.values() for one in extra)))
    together = newest_together(checkout, sorted(extras))
    return outlook(pins, together, newest_alone(together), own)


def outlook(pins: Mapping[str, Pin], together: Releases, alone: Releases, own: Release) -> Outlook:
    """Put together what the index said; `own` is the program, with the requirements of all its extras."""
    users = (own, *together.values())
    packages = tuple(
        PackageStatus(
            pins[key].name if key in pins else together[key].name,
            pins[key].version if key in pins else "",
            together[key].version,
            alone[key].version,
            _forbidden_by(key, together[key].version, alone[key].version, users),
        )
        for key in sorted(together)
    )
    return Outlook(packages, together, tuple(pin.name for key, pin in pins.items() if key not in together))


def requirements_of(release: Release) -> Iterator[Requirement]:
    """Those that hold on this system and Python; all extras count, since another package may ask for them."""
    for text in release.requires:
        requirement = Requirement(text)
        extras = ("", *_extras_in(text))
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield requirement


def _forbidden_by(key: str, allowed: str, newest: str, users: tuple[Release, ...]) -> tuple[str, ...]:
    if Version(allowed) >= Version(newest):
        return ()
    reasons = tuple(
        f"{f'{user.name} {user.version}'.strip()} needs {requirement.name}{requirement.specifier}"
        for user in users
        for requirement in requirements_of(user)
        if canonicalize_name(requirement.name) == key
        # What forbids the allowed one too belongs to an extra that nobody asked for.
        and requirement.specifier.contains(allowed, prereleases=True)
        and not requirement.specifier.contains(newest, prereleases=True)
    )
    return tuple(dict.fromkeys(reasons)) or (UNEXPLAINED,)


def _extras_in(text: str) -> tuple[str, ...]:
    _, _, marker = text.partition(";")
    return tuple(part for part in marker.replace('"', "'").split("'")[1::2])
