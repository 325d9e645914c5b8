"""Every text of the sources is marked and translated, and the catalogues are those of the sources."""

from __future__ import annotations

import shutil
import string
import subprocess
import sysconfig
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from engine.language.catalogue import LOCALE, Catalogue
from tests.languages.catalogues import (
    FOLDER,
    TRANSLATED,
    differing_fields,
    kept,
    locale_signs,
    merged,
    mo_bytes,
    po_bytes,
    unmarked,
    untranslated,
)

UPDATE = "run `python -m tests.languages`, and translate what it names in resources/languages"


def test_every_text_is_marked() -> None:
    assert [f"{one.file}:{one.line}: {one.english!r}" for one in unmarked()] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_is_translated(code: str) -> None:
    assert [message.id for message in untranslated(code)] == [], UPDATE


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_have_the_fields_of_the_english_text(code: str) -> None:
    assert list(differing_fields(code)) == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_can_be_filled(code: str) -> None:
    """A brace too many in one would fail only when it is shown."""
    for message in kept(code):
        for text in message.string if isinstance(message.string, tuple) else (message.string,):
            if message.id and "python-brace-format" in message.flags:
                assert [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


@pytest.mark.parametrize("code", TRANSLATED)
def test_files_are_those_of_the_sources(code: str) -> None:
    catalogue = merged(code)
    assert (FOLDER / f"{code}.po").read_bytes() == po_bytes(catalogue), UPDATE
    assert (FOLDER / f"{code}.mo").read_bytes() == mo_bytes(kept(code)), UPDATE


@pytest.mark.parametrize("code", TRANSLATED)
def test_figures_are_written_as_the_cldr_says(code: str) -> None:
    catalogue = Catalogue(FOLDER / f"{code}.mo")
    signs = locale_signs(code)
    script = catalogue.script
    assert [script.decimal, script.group, script.percent, script.date] == list(signs.values())
    assert kept(code).get(".", context=LOCALE).string == signs["."]
    # Babel writes the rule of the language into the header itself.
    assert kept(code).plural_forms == Catalog(locale=code).plural_forms


def test_qt_speaks_serbian_as_its_source_says(tmp_path: Path) -> None:
    compiled = tmp_path / "qtbase_sr.qm"
    lrelease = shutil.which("pyside6-lrelease", path=sysconfig.get_path("scripts"))
    assert lrelease is not None
    subprocess.run([lrelease, str(FOLDER / "qtbase_sr.ts"), "-qm", str(compiled)], check=True, capture_output=True)
    assert compiled.read_bytes() == (FOLDER / "qtbase_sr.qm").read_bytes()
