"""What the process speaks now, and texts in it: `tr` for those that are written where they are shown."""

from __future__ import annotations

import string
from typing import Any

from engine.language.catalogue import Catalogue
from engine.language.languages import CATALOGUES, ENGLISH, Language


class Speech:
    """The one language of a process; English until `speak`."""

    def __init__(self) -> None:
        self.language = ENGLISH
        self.catalogue = Catalogue(None)

    def speak(self, language: Language) -> None:
        """Take another language for all texts that are made from now on.

        Raises:
            OSError: its catalogue cannot be read; the language stays as it was.
        """
        catalogue = Catalogue(None if language == ENGLISH else CATALOGUES / f"{language.code}.mo")
        self.language, self.catalogue = language, catalogue


SPEECH = Speech()
"""A process speaks one language, as it has one locale."""


def tr(english: str, /, *, context: str = "", **values: Any) -> str:
    """A text in the language that is spoken now.

    Args:
        english: the text, or a template for `str.format` with named fields only. It is written out here, or where a
            constant is `mark`ed, as the catalogues are made from the sources.
        context: tells apart two texts that are one in English, such as "verb".
        values: of the template's fields. Numbers are written with the language's symbols; texts stay as they are.
    """
    template = SPEECH.catalogue.text(english, context)
    return _filled(template, values) if values else template


def in_english(english: str, /, **values: Any) -> str:
    """As `tr`, in English whatever is spoken: for pages that are the same in every language."""
    return english.format(**values) if values else english


def tr_count(one: str, several: str, count: int, /, **values: Any) -> str:
    """A text with a count, in the plural form that it asks for; both templates have the field "count"."""
    if SPEECH.catalogue.is_english:
        template = one if count == 1 else several
    else:
        template = SPEECH.catalogue.plural(one, several, count)
    return _filled(template, {"count": count, **values})


def mark(english: str) -> str:
    """A constant as it is: the catalogues have it, and `tr` is asked for it when it is shown."""
    return english


def number_text(english: str) -> str:
    """A formatted number, such as "1,234.5", in the symbols of the language that is spoken now."""
    return SPEECH.catalogue.script.number(english)


def date_text(moment: float) -> str:
    """Date and time of day, local; `moment` in seconds since the epoch."""
    return SPEECH.catalogue.date_text(moment)


class _NumberFormatter(string.Formatter):
    def format_field(self, value: Any, spec: str) -> str:
        text = format(value, spec)
        return number_text(text) if isinstance(value, int | float) else text


FORMATTER = _NumberFormatter()


def _filled(template: str, values: dict[str, Any]) -> str:
    if SPEECH.catalogue.is_english:
        return template.format(**values)
    return FORMATTER.vformat(template, (), values)
