"""The languages that the program speaks, and which of them it begins with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LANGUAGE_VARIABLE = "NUTSHELL_LANGUAGE"
CATALOGUES = Path(__file__).resolve().parents[2] / "resources" / "languages"
"""Holds a `.po` file per language but English, and what was compiled of it."""


@dataclass(frozen=True)
class Language:
    """A language of the catalogues."""

    code: str
    """ISO 639-1."""
    own_name: str
    """What it calls itself: who looks for a language must be able to read its name."""


ENGLISH = Language("en", "English")  # not shown
LANGUAGES = (
    ENGLISH,
    Language("fr", "Français"),
    Language("ru", "Русский"),
    Language("ko", "한국어"),
    Language("sr", "Српски"),
)


def languages() -> tuple[Language, ...]:
    """All of them, English first; what a list of choices shows is their `own_name`."""
    return LANGUAGES


def language_of(code: str) -> Language | None:
    """By a code such as "fr", "fr_CA.UTF-8" or "fr-CA"; None where the program does not speak it."""
    short = code.replace("-", "_").split("_")[0].split(".")[0].lower()
    return next((language for language in LANGUAGES if language.code == short), None)


def first_language(preferred: Iterable[str]) -> Language:
    """What a new user's window speaks: the first of the codes, if it is spoken here; else English.

    A second choice is not taken: who prefers German and reads some French will rather have English.
    """
    return next((language_of(code) or ENGLISH for code in preferred), ENGLISH)


def asked_language(environment: Mapping[str, str], preferred: str = "") -> Language:
    """What the terminal speaks: what the environment asks for by name, else the preference; English without both.

    It does not follow LANG: scripts and instructions read its words.

    Args:
        preferred: the preference's value; one that names no language, such as "as the system", asks for none.
    """
    return language_of(environment.get(LANGUAGE_VARIABLE, "")) or language_of(preferred) or ENGLISH
