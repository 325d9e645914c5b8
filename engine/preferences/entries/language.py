"""The language of the window."""

from __future__ import annotations

from engine.preferences.preference import ChoicePreference


def offered_languages() -> dict[str, str]:
    """Code of ISO 639-1 → the language's own name; the usual one first."""
    return {"en": "English"}


class Language(ChoicePreference):
    key = "language"
    title = "Lan&guage"
    explanation = "Of the window. Recipes, files and the terminal stay in English."
    order = 4

    @classmethod
    def choices(cls) -> dict[str, str]:
        return offered_languages()
