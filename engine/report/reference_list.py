"""The literature that a report may cite, from one file, and what of it a report does cite."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from engine.launch.resources import RESOURCES

TEMPLATES = RESOURCES / "report"
CITED = re.compile(r"\s*\[\[([\w,]+)\]\]")
YEAR = re.compile(r"\b(19|20)\d\d\b")
NAMED_AUTHORS = 6
KINDS = {"journal": "article", "proceedings": "inproceedings", "preprint": "misc", "thesis": "misc"}
BIBTEX_SPECIAL = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#"}


class Reference(BaseModel):
    """One paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    kind: Literal["journal", "proceedings", "preprint", "thesis"]
    label: str
    """As the program names it elsewhere, such as "Han et al. 2016"."""
    authors: tuple[str, ...]
    """"Family, Given" each."""
    title: str
    year: int
    venue: str = ""
    where: str = ""
    """Volume and pages, such as "17(8):873–890"."""
    doi: str = ""
    url: str = ""
    """Where there is no DOI."""
    describes: tuple[str, ...] = ()
    """What it is cited for: "backbone:resnet18", "setting:training.optimizer=adamw", "method:holm"."""

    def text(self) -> str:
        """For a list of references."""
        names = [_initials(author) for author in self.authors[:NAMED_AUTHORS]]
        more = " et al." if len(self.authors) > NAMED_AUTHORS else ""
        parts = [f"{', '.join(names)}{more} ({self.year}). {self.title}.", self.venue, self.where]
        return " ".join(filter(None, (parts[0], ", ".join(filter(None, parts[1:])) + "." if self.venue else "")))

    def link(self) -> str:
        """Where it is found; empty: nowhere that is known."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url

    def bibtex(self) -> str:
        """One entry."""
        venue = {"journal": "journal", "proceedings": "booktitle"}.get(self.kind, "howpublished")
        # Braces keep the letters of the title as they are.
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}",
            venue: self.venue,
            "note": self.where,
            "year": str(self.year),
            "doi": self.doi,
            "url": self.url,
        }
        lines = []
        for name, value in fields.items():
            if value:
                # A DOI and an address are read by programs: nothing in them is escaped.
                text = value if name in {"doi", "url"} else _escaped(value)
                lines.append(f"  {name} = {{{text}}}")
        return f"@{KINDS[self.kind]}{{{self.key},\n" + ",\n".join(lines) + "\n}\n"


class Library:
    """All references that there are."""

    def __init__(self, references: Iterable[Reference]) -> None:
        self.references = {one.key: one for one in references}
        self._described: dict[str, list[str]] = {}
        self._labelled: dict[str, str] = {}
        for one in self.references.values():
            self._labelled.setdefault(one.label, one.key)
            for thing in one.describes:
                self._described.setdefault(thing, []).append(one.key)

    def cite(self, *things: str) -> str:
        """A mark behind what is said, such as " [[he2016deep]]"; empty where nothing is known of these things."""
        keys = dict.fromkeys(key for thing in things for key in self._described.get(thing, ()))
        return f" [[{','.join(keys)}]]" if keys else ""

    def cite_papers(self, labels: str) -> str:
        """The same of papers as steps and augmentations name them, "Han et al. 2016; Predić et al. 2022".

        One that the library does not have stands as it is named.
        """
        parts = [one.strip() for one in labels.split(";")]
        found = {part: [key for label, key in self._labelled.items() if label in part] for part in parts}
        keys = dict.fromkeys(key for one in found.values() for key in one)
        others = [part for part, one in found.items() if not one and YEAR.search(part)]
        return (f" [[{','.join(keys)}]]" if keys else "") + (f" ({'; '.join(others)})" if others else "")


@lru_cache(maxsize=1)
def library() -> Library:
    """That of the program."""
    document = tomllib.loads((TEMPLATES / "references.toml").read_text(encoding="utf-8"))
    return Library(Reference.model_validate(one) for one in document["references"])


class Citations:
    """Numbers references in the order in which a report first cites them."""

    def __init__(self, known: Library) -> None:
        self._known = known
        self._numbers: dict[str, int] = {}

    def runs(self, text: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The text in pieces: each with the numbers that are cited behind it."""
        found = []
        end = 0
        for one in CITED.finditer(text):
            keys = one[1].split(",")
            numbers = tuple(sorted(self._numbers.setdefault(key, len(self._numbers) + 1) for key in keys))
            found.append((text[end : one.start()], numbers))
            end = one.end()
        return (*found, (text[end:], ())) if text[end:] or not found else tuple(found)

    @property
    def cited(self) -> tuple[Reference, ...]:
        """As they are numbered, from 1."""
        return tuple(self._known.references[key] for key in self._numbers)


def without_citations(text: str) -> str:
    """For a text file or a cell."""
    return CITED.sub("", text)


def _initials(author: str) -> str:
    family, _, given = author.partition(", ")
    letters = " ".join(f"{name[0]}." for name in re.split(r"[\s-]+", given) if name)
    return f"{family} {letters}".strip()


def _escaped(text: str) -> str:
    return re.sub(r"[&%_#]", lambda one: BIBTEX_SPECIAL[one[0]], text)
