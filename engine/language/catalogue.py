"""One language's catalogue: texts by their English ones, plural forms, and how it writes numbers and dates.

English has none: its texts are those in the code. The file is a standard one of gettext. Number signs and the date
pattern stand among its texts, where `python -m tests.languages` has written them from the CLDR: reading that database
at the start would take a third of a second.
"""

from __future__ import annotations

import gettext
import re
import time
from dataclasses import dataclass
from pathlib import Path

CONTEXT_END = "\x04"
"""Stands in a compiled catalogue between a context and its text."""
NUMBER_SIGNS = re.compile(r"(?<=\d)[.,](?=\d)|(?<=\d)%$")


LOCALE = "locale"
"""The context of these four: """
DECIMAL, GROUP, PERCENT, DATE = ".", ",", "%", "%Y-%m-%d"


@dataclass(frozen=True)
class Script:
    """How a language writes figures and dates, by the CLDR."""

    decimal: str = DECIMAL
    group: str = GROUP
    percent: str = PERCENT
    """With the space before it, where there is one."""
    date: str = DATE
    """As `time.strftime` takes it; digits only, so that no platform's locale matters."""

    def number(self, english: str) -> str:
        """A formatted number, such as "1,234.5" or "80%", in this language's symbols."""
        signs = {DECIMAL: self.decimal, GROUP: self.group, PERCENT: self.percent}
        return NUMBER_SIGNS.sub(lambda found: signs[found[0]], english)


class _ListedTranslations(gettext.GNUTranslations):
    """One that also tells what it holds."""

    def listed(self) -> dict[str, str]:
        """English text → text, of all that has neither a context nor plural forms."""
        table: dict[str | tuple[str, int], str] = self._catalog  # type: ignore[attr-defined]
        plain = {english: text for english, text in table.items() if isinstance(english, str)}
        return {english: text for english, text in plain.items() if english and CONTEXT_END not in english}


class Catalogue:
    """What one language calls things."""

    def __init__(self, file: Path | None) -> None:
        """
        Args:
            file: a compiled catalogue (`.mo`); None: English.

        Raises:
            OSError: it cannot be read.
        """
        self._file = file
        self._texts: gettext.NullTranslations = gettext.NullTranslations()
        self.script = Script()
        if file is not None:
            with file.open("rb") as stream:
                self._texts = _ListedTranslations(stream)
            self.script = Script(*(self.text(sign, LOCALE) for sign in (DECIMAL, GROUP, PERCENT, DATE)))

    @property
    def is_english(self) -> bool:
        return self._file is None

    def text(self, english: str, context: str = "") -> str:
        """A text or template; the English one where the catalogue has none."""
        if self.is_english or not english:
            return english
        if context:
            return self._texts.pgettext(context, english)
        return self._texts.gettext(english)

    def plural(self, one: str, several: str, count: int) -> str:
        """The template for a count, by the language's own plural rule."""
        return self._texts.ngettext(one, several, count)

    def known(self) -> dict[str, str]:
        """English text → text, of all that has neither a context nor plural forms; none of English."""
        if self.is_english:
            return {}
        assert isinstance(self._texts, _ListedTranslations)
        return self._texts.listed()

    def date_text(self, moment: float) -> str:
        """Date and time of day, local; `moment` in seconds since the epoch."""
        if self.is_english:
            return time.strftime("%d %b %H:%M", time.localtime(moment))
        return time.strftime(f"{self.script.date} %H:%M", time.localtime(moment))
