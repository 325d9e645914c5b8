"""Light or dark colours."""

from __future__ import annotations

from enum import StrEnum

from engine.preferences.preference import ChoicePreference


class ThemeChoice(StrEnum):
    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class ColorTheme(ChoicePreference):
    key = "theme"
    title = "The&me"
    explanation = "Colours of the window and its plots."
    order = 5

    @classmethod
    def choices(cls) -> dict[str, str]:
        return {
            ThemeChoice.AUTO.value: "as the system",
            ThemeChoice.LIGHT.value: "light",
            ThemeChoice.DARK.value: "dark",
        }
