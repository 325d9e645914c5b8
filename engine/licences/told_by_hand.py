"""What is written by hand of licences, since no metadata tell it: `resources/licences/*.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache

from pydantic import BaseModel, ConfigDict

from engine.launch.resources import RESOURCES

FOLDER = RESOURCES / "licences"
TEXTS = FOLDER / "texts"


class KnownLicence(BaseModel):
    """The licence of a package whose metadata do not name one clearly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    """An SPDX expression."""
    because: str
    """Where it is written."""
    texts: tuple[str, ...] = ()
    """Files of `texts/`, where the package brings none."""
    note: str = ""


class PartInside(BaseModel):
    """Something of others inside of packages, with a licence of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    inside: tuple[str, ...]
    """Canonical names of the packages that may bring it; `python`: the interpreter."""
    files: str = ""
    """A pattern of file names: only where the package has one; empty: always."""
    licence: str
    homepage: str = ""
    note: str
    texts: tuple[str, ...] = ()


class AcceptedLicence(BaseModel):
    """A licence under which a part may be passed on beside a program under the MIT licence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    """An SPDX id, with its exception where it has one."""
    because: str


@lru_cache(maxsize=1)
def known_licences() -> dict[str, KnownLicence]:
    """By canonical name of the package."""
    return {key: KnownLicence(**value) for key, value in _read("known.toml")["packages"].items()}


@lru_cache(maxsize=1)
def known_components() -> dict[str, str]:
    """SPDX expression by the name of a component, for bills of materials in packages that name no licence."""
    return dict(_read("known.toml")["components"])


@lru_cache(maxsize=1)
def absent_components() -> dict[str, list[str]]:
    """Canonical name of a package → components that its bill of materials lists, and that are not there."""
    return dict(_read("known.toml")["absent"])


@lru_cache(maxsize=1)
def parts_inside() -> tuple[PartInside, ...]:
    """In the order of the file."""
    return tuple(PartInside(**one) for one in _read("inside.toml")["parts"])


def accepted_licences() -> tuple[AcceptedLicence, ...]:
    """In the order of the file."""
    return tuple(AcceptedLicence(**one) for one in _read("accepted.toml")["licences"])


def standard_text(name: str) -> str:
    """The text of a file of `texts/`."""
    return (TEXTS / name).read_text(encoding="utf-8")


def _read(name: str) -> dict:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))
