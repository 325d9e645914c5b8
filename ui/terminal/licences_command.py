"""`licences`: what the program is made of, and under which licences."""

from __future__ import annotations

import sys
from pathlib import Path

from packaging.utils import canonicalize_name
from rich import box
from rich.table import Table

from engine.contract.errors import EXIT_DONE, DataError
from engine.language.speech import tr
from engine.licences.collection import collected_licences
from engine.licences.licensed_part import CollectedLicences, LicensedPart
from engine.store.durable_file import write_durably
from ui.licence_text import part_text
from ui.terminal.plain_console import plain_console

STDOUT = Path("-")


def licences_command(names: list[str], json: Path | None) -> int:
    """Print a table, the texts of the named parts, or JSON.

    Raises:
        DataError: a package is missing, no part has that name, or the file cannot be written.
    """
    collected = collected_licences()
    chosen = _chosen(collected, names)
    if json is not None:
        _write(json, collected.model_copy(update={"parts": chosen}).model_dump_json(by_alias=True, indent=1) + "\n")
        return EXIT_DONE
    if names:
        sys.stdout.write("\n".join(part_text(part) for part in chosen))
        return EXIT_DONE
    console = plain_console()
    console.print(_table(collected))
    program = collected.program
    said = tr(
        "{name} {version} itself is under the {licence} licence.",
        name=program.name,
        version=program.version,
        licence=program.licence,
    )
    console.print(said, highlight=False)
    return EXIT_DONE


def _chosen(collected: CollectedLicences, names: list[str]) -> tuple[LicensedPart, ...]:
    if not names:
        return collected.parts
    found: list[LicensedPart] = []
    everything = (collected.program, *collected.parts)
    for name in names:
        named = [part for part in everything if _key(part.name) == _key(name)]
        if not named:
            near = [part.name for part in everything if name.lower() in part.name.lower()]
            if near:
                there = ", ".join(dict.fromkeys(near))
                raise DataError(tr("No part is called {name}; there is {names}.", name=name, names=there))
            raise DataError(tr("No part is called {name}; licences without a name lists all.", name=name))
        found += named
    return tuple(found)


def _key(name: str) -> str:
    return str(canonicalize_name(name.replace(" ", "-")))


def _table(collected: CollectedLicences) -> Table:
    table = Table(tr("Part"), tr("Version"), tr("Licence"), tr("Inside of"), box=box.SIMPLE)
    for part in collected.parts:
        table.add_row(part.name, part.version or "–", part.licence or tr("not known"), part.inside)
    return table


def _write(path: Path, text: str) -> None:
    if path == STDOUT:
        sys.stdout.write(text)
        return
    try:
        write_durably(path, text)
    except OSError as error:
        raise DataError(
            tr("--json {path} cannot be written ({strerror}); name another file.", path=path, strerror=error.strerror)
        ) from None
