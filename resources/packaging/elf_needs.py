"""What compiled files of Linux need of the system that loads them, read with objdump (binutils)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ELF = b"\x7fELF"
NEEDED = re.compile(r"^\s+NEEDED\s+(\S+)$", re.MULTILINE)
GLIBC = re.compile(r"\bGLIBC_2\.(\d+)")
REFERENCES = "Version References:"


@dataclass(frozen=True)
class ElfNeeds:
    """Of several files together."""

    libraries: frozenset[str]
    """Names such as "libEGL.so.1", without those that the files themselves are."""
    glibc: str
    """The oldest that has every symbol, such as "2.34"."""


def is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(ELF)) == ELF


def elf_needs(folder: Path) -> ElfNeeds:
    """What the compiled files of a folder need that is not in it.

    Raises:
        OSError: objdump is not there.
        subprocess.CalledProcessError: it cannot read one of them.
    """
    there = {path.name for path in folder.rglob("*")}
    told = [_told(path) for path in _compiled(folder)]
    needed = {name for text in told for name in NEEDED.findall(text)}
    minor = max((_newest(text.partition(REFERENCES)[2]) for text in told), default=0)
    return ElfNeeds(frozenset(needed - there), f"2.{minor}")


def remove_with_libraries(folder: Path, unwanted: Iterable[Path]) -> None:
    """Delete files, and of the libraries that they need those in the folder that nothing else there needs."""
    needs = {path: set(NEEDED.findall(_told(path))) for path in _compiled(folder)}
    gone = set(unwanted)
    reached, asked = set[str](), [name for path in gone for name in needs[path]]
    while asked:
        if (name := asked.pop()) not in reached:
            reached.add(name)
            asked += [one for path, found in needs.items() if path.name == name for one in found]
    while gone:
        for path in gone:
            path.unlink()
            del needs[path]
        still = {name for found in needs.values() for name in found}
        gone = {path for path in needs if path.name in reached - still}
    for link in folder.rglob("*"):
        if link.is_symlink() and not link.exists():
            link.unlink()


def _compiled(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and is_elf(path)]


def _told(path: Path) -> str:
    return subprocess.run(["objdump", "-p", path], capture_output=True, text=True, check=True).stdout


def _newest(references: str) -> int:
    numbers: Iterable[str] = GLIBC.findall(references)
    return max(map(int, numbers), default=0)
