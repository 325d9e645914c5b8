"""The versions that constraints.txt names, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


class DependencyError(Exception):
    """One sentence: what is wrong with the pins, the index or the trial, and what to do."""


@dataclass(frozen=True)
class Pin:
    """One line of constraints.txt."""

    name: str
    """As it is spelt there."""
    version: str


def read_pins(constraints: Path) -> dict[str, Pin]:
    """Canonical name → pin.

    Raises:
        DependencyError: a line is no `name==version`, or a package is named twice.
    """
    pins: dict[str, Pin] = {}
    for number, line in enumerate(constraints.read_text(encoding="utf-8").splitlines(), 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        pin = _pin(text)
        if pin is None:
            raise DependencyError(f"{constraints.name}, line {number}: {text!r} is no pin; write it as name==1.2.3.")
        if canonicalize_name(pin.name) in pins:
            raise DependencyError(f"{constraints.name}, line {number}: {pin.name} is pinned twice; remove one line.")
        pins[canonicalize_name(pin.name)] = pin
    return pins


def with_versions(text: str, versions: Mapping[str, str]) -> str:
    """The text of constraints.txt with other versions, by canonical name; all else stays."""

    def pinned(line: re.Match[str]) -> str:
        version = versions.get(canonicalize_name(line["name"]))
        return line[0] if version is None else f"{line['name']}=={version}"

    return re.sub(r"(?m)^(?P<name>[A-Za-z0-9._-]+)==[^\s;#]+", pinned, text)


def _pin(text: str) -> Pin | None:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    only = list(requirement.specifier)
    if len(only) != 1 or only[0].operator != "==" or only[0].version.endswith("*"):
        return None
    return Pin(requirement.name, only[0].version)
