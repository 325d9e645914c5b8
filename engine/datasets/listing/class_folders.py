"""Which class the images of a folder belong to: by the folder's own place, or by the patterns of a recipe."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from glob import has_magic
from typing import Protocol

from engine.contract.errors import DataError
from engine.datasets.listing.indexing import one_form

Parts = tuple[str, ...]
"""A folder's path below the dataset's, one part per folder; empty for the dataset's own."""


class ClassRule(Protocol):
    """Says which class a folder's images belong to."""

    def class_of(self, folder: Parts) -> str | None:
        """The class, None for none."""


class TopFolders:
    """Each folder directly in the dataset's is a class, with all that is below it."""

    def class_of(self, folder: Parts) -> str | None:
        return one_form(folder[0]) if folder else None


class ClassFolders:
    """Folders anywhere, named by patterns; a folder that none names belongs to the class of the folder it lies in.

    A pattern is a folder's path below the dataset's, with "/" between folders: "*" stands for any part of one
    folder's name, "?" for one letter, "[ab]" for one of some letters, "**" for any number of folders, "." for the
    dataset's own folder. Case counts; the two ways of writing an accented letter do not.
    """

    def __init__(self, patterns: Mapping[str, Sequence[str]]) -> None:
        """
        Args:
            patterns: of each class.
        """
        self._patterns = [(one_form(name), pattern) for name, several in patterns.items() for pattern in several]
        self._plain: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._wild: list[tuple[re.Pattern[str], tuple[str, str]]] = []
        for name, pattern in self._patterns:
            text = "" if pattern == "." else one_form(pattern.strip("/"))
            if has_magic(text):
                self._wild.append((re.compile(_expression(text)), (name, pattern)))
            else:
                self._plain[text].append((name, pattern))
        self._known: dict[Parts, str | None] = {}
        self._used: set[tuple[str, str]] = set()

    def class_of(self, folder: Parts) -> str | None:
        """The class of the innermost folder that a pattern names.

        Raises:
            DataError: patterns of two classes name one folder.
        """
        if folder not in self._known:
            own = self._own_class("/".join(folder))
            self._known[folder] = own if own is not None or not folder else self.class_of(folder[:-1])
        return self._known[folder]

    def unused(self) -> list[tuple[str, str]]:
        """(class, pattern) of those that have named no folder yet."""
        return [one for one in self._patterns if one not in self._used]

    def _own_class(self, folder: str) -> str | None:
        text = one_form(folder)
        found = [*self._plain.get(text, ()), *(one for expression, one in self._wild if expression.fullmatch(text))]
        self._used.update(found)
        names = sorted({name for name, _ in found})
        if len(names) > 1:
            raise DataError(
                f'dataset.class_folders: the folder "{folder or "."}" belongs to both {names[0]} and {names[1]}; '
                "change one of the patterns."
            )
        return names[0] if names else None


def _expression(pattern: str) -> str:
    """The regular expression of a pattern."""
    *above, last = pattern.split("/")
    text = "".join("(?:[^/]+/)*" if part == "**" else f"{_name_expression(part)}/" for part in above)
    if last != "**":
        return text + _name_expression(last)
    return f"{text[:-1]}(?:/.*)?" if text.endswith("/") else f"{text}.*"


def _name_expression(pattern: str) -> str:
    """Of one folder's name, as `fnmatch` has it."""
    text, place = "", 0
    while place < len(pattern):
        letter = pattern[place]
        end = pattern.find("]", place + 2) if letter == "[" else -1
        if end > 0:
            letters = pattern[place + 1 : end]
            negated = letters.startswith("!") and len(letters) > 1
            inner = re.sub(r"([\\\[\]^&~|])", r"\\\1", letters.removeprefix("!") if negated else letters)
            text += f"[{'^/' if negated else ''}{inner}]"
            place = end
        else:
            text += {"*": "[^/]*", "?": "[^/]"}.get(letter, re.escape(letter))
        place += 1
    return text
