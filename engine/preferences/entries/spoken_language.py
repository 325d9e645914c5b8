"""The language of the window, and of the terminal where one is named."""

from __future__ import annotations

from engine.language.languages import languages
from engine.preferences.preference import ChoicePreference

AS_THE_SYSTEM = "auto"


class SpokenLanguage(ChoicePreference):
    key = "language"
    title = "Lan&guage"
    explanation = "Of the window and, where you name one, of the terminal. Recipes and files stay in English."
    order = 4

    @classmethod
    def choices(cls) -> dict[str, str]:
        return {AS_THE_SYSTEM: "as the system"} | {language.code: language.own_name for language in languages()}
