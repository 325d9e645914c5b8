"""Texts, plural forms, numbers and dates in each language, with the shipped catalogues."""

from __future__ import annotations

import pytest

from engine.language.languages import LANGUAGE_VARIABLE, asked_language, first_language, language_of, languages
from engine.language.speech import date_text, mark, number_text, tr, tr_count
from tests.engine.language.spoken import spoken


def test_english_is_what_the_code_says() -> None:
    assert tr("{layer}, {left} left", layer="conv", left="8 s") == "conv, 8 s left"
    assert tr(mark("Not saved")) == "Not saved"


@pytest.mark.parametrize(
    ("code", "said"), [("fr", "Non enregistré"), ("ru", "Не сохранено"), ("ko", "저장 안 됨"), ("sr", "Није сачувано")]
)
def test_each_language_has_its_text(code: str, said: str) -> None:
    with spoken(code):
        assert tr("Not saved") == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 этап"), (3, "3 этапа"), (11, "11 этапов"), (21, "21 этап"), (1234, "1\N{NO-BREAK SPACE}234 этапа")],
)
def test_russian_counts_by_its_own_rule(count: int, said: str) -> None:
    with spoken("ru"):
        assert tr_count("{count:,} stage", "{count:,} stages", count) == said


def test_french_has_none_in_the_singular() -> None:
    assert tr_count("{count:,} stage", "{count:,} stages", 0) == "0 stages"
    with spoken("fr"):
        assert tr_count("{count:,} stage", "{count:,} stages", 0) == "0 phase"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("en", "1,234.5"),
        ("fr", "1\N{NARROW NO-BREAK SPACE}234,5"),
        ("ru", "1\N{NO-BREAK SPACE}234,5"),
        ("ko", "1,234.5"),
        ("sr", "1.234,5"),
    ],
)
def test_numbers_have_the_signs_of_the_language(code: str, said: str) -> None:
    with spoken(code):
        assert number_text("1,234.5") == said


def test_numbers_within_a_text_too_but_names_stay() -> None:
    with spoken("fr"):
        said = tr("{name}: {epoch}", name="v1.5, b", epoch=2.5)
        assert said == "v1.5, b: 2,5"
        assert tr("{count} of {total}", count="1.5", total=2.5) == "1.5 sur 2,5"


def test_per_cent_stands_off_where_it_does() -> None:
    with spoken("ru"):
        assert number_text("12.5%") == "12,5\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(("code", "said"), [("fr", "05/03/2026"), ("ko", "2026. 03. 05."), ("ru", "05.03.2026")])
def test_dates_stand_in_the_order_of_the_language(code: str, said: str) -> None:
    import time

    moment = time.mktime((2026, 3, 5, 14, 7, 0, 0, 0, -1))
    with spoken(code):
        assert date_text(moment) == f"{said} 14:07"


def test_the_first_wish_decides() -> None:
    assert first_language(["fr-CA", "en"]).code == "fr"
    assert first_language(["de-DE", "fr-FR"]).code == "en"
    assert first_language([]).code == "en"
    assert language_of("sr_RS.UTF-8@latin") is not None
    assert language_of("xx") is None
    assert [one.code for one in languages()] == ["en", "fr", "ru", "ko", "sr"]


def test_a_terminal_is_asked_by_name() -> None:
    assert asked_language({"LANG": "fr_FR.UTF-8"}).code == "en"
    assert asked_language({"LANG": "fr_FR.UTF-8", LANGUAGE_VARIABLE: "ru"}).code == "ru"
