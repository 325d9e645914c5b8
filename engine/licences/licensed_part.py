"""A part of the program that somebody else wrote, and under which licence it may be passed on."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class LicenceText(BaseModel):
    """One file of a licence, or what a package says of its parts."""

    model_config = ConfigDict(frozen=True)

    title: str
    text: str


class NestedComponent(BaseModel):
    """What a package has inside, as its own bill of materials tells it (PEP 770)."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    licence: str
    """An SPDX expression; empty: it does not say."""
    purl: str = ""


class LicensedPart(BaseModel):
    """A package, or something inside of one that its metadata do not tell of."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    """Empty: the part does not say, and comes with the package that it is inside of."""
    licence: str
    """An SPDX expression; empty: not known."""
    told_by: str
    """Where the licence is written."""
    inside: str = ""
    """The package that brings it; empty: it is one."""
    summary: str = ""
    homepage: str = ""
    note: str = ""
    """What a user or distributor should know, such as how to replace a library."""
    native_libraries: tuple[str, ...] = ()
    """Names of the compiled libraries of others that the package brings along."""
    components: tuple[NestedComponent, ...] = ()
    texts: tuple[LicenceText, ...] = ()


class CollectedLicences(BaseModel):
    """All parts; also the file that a built program reads them from."""

    model_config = ConfigDict(frozen=True)

    schema_: int = 1
    program: LicensedPart
    parts: tuple[LicensedPart, ...]
