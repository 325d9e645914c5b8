"""The catalogues as files: made from the sources, merged with what is translated, compiled, and compared."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from engine.language.catalogue import DATE, DECIMAL, GROUP, LOCALE, PERCENT
from engine.language.languages import ENGLISH, languages
from engine.language.sentence_recognition import FIELD
from tests.languages.sentences import Sentence, sentences_of, sources

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDER = CHECKOUT / "resources" / "languages"
TRANSLATED = tuple(language.code for language in languages() if language != ENGLISH)
MADE = datetime(2026, 1, 1, tzinfo=UTC)
"""A date that stays: a catalogue changes where its texts do."""
FIELD_OF_DATE = re.compile(r"d+|M+|y+")
DIRECTIVES = {"d": "%d", "M": "%m", "y": "%Y"}
LINE = 110


def unmarked() -> list[Sentence]:
    """Texts that would stay English in every language."""
    return [one for file in sources(CHECKOUT) for one in sentences_of(file, CHECKOUT).unmarked]


def needed(code: str) -> Catalog:
    """What a language's catalogue has to hold, without translations but for its locale's own."""
    catalogue = Catalog(
        locale=code,
        domain="nutshell",
        project="Nutshell",
        version="1",
        copyright_holder="Nutshell",
        header_comment="# Nutshell's texts. `python -m tests.languages` brings this file up to date with the sources.",
        creation_date=MADE,
        revision_date=MADE,
        last_translator="",
        language_team="",
        charset="utf-8",
        fuzzy=False,
    )
    for english, said in locale_signs(code).items():
        catalogue.add(english, said, context=LOCALE, auto_comments=["from the CLDR"])
    for file in sources(CHECKOUT):
        for one in sentences_of(file, CHECKOUT).translated:
            text = (one.english, one.several) if one.several else one.english
            catalogue.add(text, locations=[(one.file, None)], context=one.context or None)  # type: ignore[list-item]
    return catalogue


def locale_signs(code: str) -> dict[str, str]:
    """How a language writes figures and dates: English sign → its own, from the CLDR."""
    locale = Locale.parse(code)
    symbols = locale.number_symbols
    symbols = symbols.get("latn", symbols)
    pattern = FIELD_OF_DATE.sub(lambda found: DIRECTIVES[found[0][0]], locale.date_formats["short"].pattern)
    percent = locale.percent_formats[None].pattern.partition("0")[2]
    return {DECIMAL: symbols["decimal"], GROUP: symbols["group"], PERCENT: percent, DATE: pattern}


def kept(code: str) -> Catalog:
    """The catalogue that is in the checkout; one without translations where there is none."""
    file = FOLDER / f"{code}.po"
    if not file.is_file():
        return needed(code)
    with file.open("rb") as stream:
        return read_po(stream, locale=code, domain="nutshell")


def merged(code: str) -> Catalog:
    """What is needed, with the translations that there are; what is gone is kept as obsolete."""
    catalogue, wanted = kept(code), needed(code)
    catalogue.update(wanted, no_fuzzy_matching=False, update_header_comment=True, update_creation_date=True)
    for english, said in locale_signs(code).items():
        sign = catalogue.get(english, context=LOCALE)
        assert sign is not None
        sign.string = said
    catalogue.revision_date = MADE
    return catalogue


def po_bytes(catalogue: Catalog) -> bytes:
    """A catalogue as the text that translators edit."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=LINE, sort_by_file=True, include_lineno=False)
    return stream.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """A catalogue as gettext reads it."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def untranslated(code: str) -> list[Message]:
    """What a language's catalogue lacks, or has for another English text (fuzzy)."""
    catalogue = kept(code)
    found = []
    for message in needed(code):
        if message.id:
            there = catalogue.get(message.id, message.context)
            strings = () if there is None else there.string if isinstance(there.string, tuple) else (there.string,)
            if there is None or there.fuzzy or not strings or not all(strings):
                found.append(message)
    return found


def differing_fields(code: str) -> Iterator[str]:
    """Translations whose fields are not those of their English text: they would fail, or lose a figure."""
    for message in kept(code):
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not message.id or message.context == LOCALE or message.fuzzy or not all(strings):
            continue
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        # A plural form may leave out the count, as in "one image"; the last English form has all fields.
        wanted = set(FIELD.findall(str(english[-1])))
        for one in strings:
            if set(FIELD.findall(str(one))) != wanted:
                yield f"{code}: {english[-1]!r} → {one!r}"


def write(code: str) -> None:
    """Bring a language's files up to date."""
    catalogue = merged(code)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{code}.po").write_bytes(po_bytes(catalogue))
    (FOLDER / f"{code}.mo").write_bytes(mo_bytes(kept(code)))
