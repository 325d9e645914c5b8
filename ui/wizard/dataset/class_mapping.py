"""Changes to a mapping of folders to classes, each giving a new one. No widgets."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Mapping

Patterns = Mapping[str, tuple[str, ...]]
Parts = tuple[str, ...]


def folder_pattern(folder: Parts) -> str:
    """The pattern that names this folder and no other."""
    return glob.escape("/".join(folder)) or "."


def assigned(patterns: Patterns, folders: Iterable[Parts], name: str) -> Patterns:
    """The folders are of this class, with all below, whatever was said of them before."""
    chosen = dict.fromkeys(folders)
    kept = cleared(patterns, chosen)
    outermost = [folder for folder in chosen if not any(folder[:length] in chosen for length in range(len(folder)))]
    return {**kept, name: (*kept.get(name, ()), *map(folder_pattern, outermost))}


def with_pattern(patterns: Patterns, pattern: str, name: str) -> Patterns:
    """Folders that a pattern names are of this class."""
    kept = without(patterns, [pattern])
    return {**kept, name: (*kept.get(name, ()), pattern)}


def cleared(patterns: Patterns, folders: Iterable[Parts]) -> Patterns:
    """Nothing is said any more of these folders one by one, or of single ones below them."""
    chosen = set(folders)
    single = {pattern: _folder(pattern) for several in patterns.values() for pattern in several}
    gone = [
        pattern
        for pattern, folder in single.items()
        if folder is not None and any(folder[:length] in chosen for length in range(len(folder) + 1))
    ]
    return without(patterns, gone)


def without(patterns: Patterns, gone: Iterable[str]) -> Patterns:
    """The mapping without some patterns, and without classes that are left with none."""
    dropped = set(gone)
    left = {name: tuple(one for one in several if one not in dropped) for name, several in patterns.items()}
    return {name: several for name, several in left.items() if several}


def _folder(pattern: str) -> Parts | None:
    """The one folder that a pattern names; None where it may name several."""
    if pattern == ".":
        return ()
    plain = re.sub(r"\[([*?[])\]", r"\1", pattern)
    return tuple(plain.split("/")) if glob.escape(plain) == pattern else None
