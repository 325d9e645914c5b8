"""Sentences of the engine in the language that is spoken: found again by the templates that they were made from.

The engine writes English, in its events, files and logs; see `resources/docs/languages.md` for why. The catalogue has
the template of each of its sentences, as the code has it, such as "its baseline reaches {accuracy:.3f}". A text that
fits one is told by the translated template, with the values that stood in it. What fits none stays English.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from enum import Enum, auto
from functools import cached_property, lru_cache

from engine.language.catalogue import Catalogue
from engine.language.speech import SPEECH

FIELD = re.compile(r"\{([a-z_]\w*)(?:![rsa])?(?::([^{}]*))?\}", re.IGNORECASE)
NUMBER_SPEC = re.compile(r"\+?,?(\.\d+)?[gfde%]|,|\d*d|\.\d+")
NUMBER = r"[-+−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?%?"
SIGNED = re.compile(rf"(?=[-+−]){NUMBER}")
"""A number whatever its field is called; without a sign it may be a version."""
WORD = re.compile(r"[A-Za-z]{2,}")
LEAST_OWN = 4
"""A template with fewer characters of its own, blanks aside, fits too much."""
LEAST_AROUND_WORDS = 12
"""Characters that a template has of its own where a value of several words is no text of the program."""
OF_THE_USER = re.compile(r"(?:.*_)?(?:name|names|title|path|paths|file|files|folder|folders|directory|run|typed)\d*")
"""Fields whose values are what users and their files are called: they are shown as they are."""
CUTS = tuple(re.compile(f"({between})") for between in (r"(?<=[.!?]) (?=[A-Z\"])|\n", ": ", "; ", ", | · "))
"""Between sentences, between a heading and its sentence, and between the items of a list."""
REMEMBERED = 4096


class Kind(Enum):
    """What a value is, and so how it is said."""

    NUMBER = auto()
    OF_THE_USER = auto()
    """A name, a path, or what stands in quotes: it is shown as it is."""
    TEXT = auto()
    """It may be a sentence of the engine itself."""


class Template:
    """An English template, and how it is said. Its pattern is made when a text may fit: a thousand take a second."""

    def __init__(self, english: str, said: str) -> None:
        self.said = said
        self._english = english
        self.own = len(FIELD.sub("", english).replace(" ", ""))
        """Characters of its own, without values and blanks: the more, the surer is what fits."""

    def values(self, text: str) -> list[tuple[str, Kind, str]] | None:
        """Name, kind and text of each value, where the text fits."""
        pattern, fields = self._read
        found = pattern.fullmatch(text)
        if found is None:
            return None
        return [(name, kind, value) for (name, kind), value in zip(fields, found.groups(), strict=True)]

    @cached_property
    def _read(self) -> tuple[re.Pattern[str], list[tuple[str, Kind]]]:
        """The pattern, and name and kind of each of its groups."""
        pattern, fields, at = "", list[tuple[str, Kind]](), 0
        groups: dict[str, int] = {}
        for field in FIELD.finditer(self._english):
            pattern, at = pattern + re.escape(self._english[at : field.start()]), field.end()
            name, kind = field[1], _kind(field)
            if name in groups:
                # The same value once more.
                pattern += rf"(?:\{groups[name]})"
                continue
            fields.append((name, kind))
            groups[name] = len(fields)
            pattern += f"({NUMBER})" if kind is Kind.NUMBER else "(.+?)"
        return re.compile(pattern + re.escape(self._english[at:]), re.DOTALL), fields


class Recognition:
    """All templates of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._script = catalogue.script
        self._texts: dict[str, str] = {}
        templates = []
        for english, said in catalogue.known().items():
            if FIELD.search(english):
                templates.append((english, said))
            else:
                self._texts[english] = said
        self._by_word = _by_rarest_word(templates)
        self.said = lru_cache(maxsize=REMEMBERED)(self._said)
        """A text of the engine in the catalogue's language, as far as it is known there."""

    def _said(self, text: str) -> str:
        whole = self._whole(text)
        if whole is not None:
            return whole
        for cut in CUTS:
            # Pieces, with what stands between them at the odd places.
            pieces = cut.split(text)
            if len(pieces) > 1 and any(self._whole(piece) is not None for piece in pieces[::2]):
                return "".join(piece if place % 2 else self._said(piece) for place, piece in enumerate(pieces))
        return text

    def _whole(self, text: str) -> str | None:
        if text in self._texts:
            return self._texts[text]
        candidates = {id(one): one for word in set(WORD.findall(text)) for one in self._by_word.get(word, ())}
        for template in sorted(candidates.values(), key=lambda one: -one.own):
            found = template.values(text)
            if found is not None and (said := self._filled(template, found)) is not None:
                return said
        return None

    def _filled(self, template: Template, found: list[tuple[str, Kind, str]]) -> str | None:
        """The translated template with these values; None where a few words would stand around strange ones."""
        values = {}
        for name, kind, value in found:
            match kind:
                case Kind.NUMBER:
                    values[name] = self._script.number(value)
                case Kind.OF_THE_USER:
                    values[name] = value
                case Kind.TEXT:
                    values[name] = self._script.number(value) if SIGNED.fullmatch(value) else self._said(value)
                    # As "Train for 60 epochs" fits "{trained} epochs".
                    if " " in value and values[name] == value and template.own < LEAST_AROUND_WORDS:
                        return None
        return FIELD.sub(lambda field: values[field[1]], template.said)


def _by_rarest_word(texts: list[tuple[str, str]]) -> dict[str, list[Template]]:
    """A word that stands in every text of a template, and in as few others as may be → the templates."""
    words = {english: set(_own_words(english)) for english, _ in texts}
    counts = Counter(word for found in words.values() for word in found)
    index = defaultdict(list)
    for english, said in texts:
        template = Template(english, said)
        if words[english] and template.own >= LEAST_OWN:
            index[min(words[english], key=lambda word: (counts[word], word))].append(template)
    return dict(index)


def _own_words(english: str) -> list[str]:
    """Words that no value touches, so that they stand as words in the text too."""
    return WORD.findall(re.sub(r"[A-Za-z]*\x00[A-Za-z]*", " ", FIELD.sub("\x00", english)))


def _kind(field: re.Match[str]) -> Kind:
    if NUMBER_SPEC.fullmatch(field[2] or ""):
        return Kind.NUMBER
    quoted = field.string[field.start() - 1 : field.start()] == '"' == field.string[field.end() : field.end() + 1]
    return Kind.OF_THE_USER if quoted or OF_THE_USER.fullmatch(field[1]) else Kind.TEXT


@lru_cache(maxsize=1)
def _recognition(catalogue: Catalogue) -> Recognition:
    return Recognition(catalogue)


def recognised(english: str) -> str:
    """A text of the engine in the language that is spoken now; English where the catalogue does not know it.

    Only for texts of the program: what users write, and what their files are called, is shown as it is.
    """
    if SPEECH.catalogue.is_english or not english:
        return english
    return _recognition(SPEECH.catalogue).said(english)
