"""Every colour can be read on what it lies on, and the series can be told apart."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from engine.preferences.entries.theme_choice import ThemeChoice
from ui.theme import DARK, LIGHT, Theme, apply_theme, current_theme

READABLE = 4.5
"""The contrast that WCAG 2.2 asks of text (1.4.3); of lines and marks it asks 3 (1.4.11)."""
VISIBLE = 2.0
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@THEMES
@pytest.mark.parametrize("name", ["text", "muted", "error", "warning", "good", "accent"])
def test_text_can_be_read(theme: Theme, name: str) -> None:
    assert _contrast(getattr(theme, name), theme.background) >= READABLE
    assert _contrast(getattr(theme, name), theme.panel) >= READABLE


@THEMES
def test_series_can_be_seen_and_told_apart(theme: Theme) -> None:
    assert min(_contrast(colour, theme.panel) for colour in theme.series) >= VISIBLE
    closest = min(
        sum(abs(a - b) for a, b in zip(QColor(one).getRgb(), QColor(other).getRgb(), strict=True))
        for one, other in combinations(theme.series, 2)
    )
    assert closest > 60


@pytest.mark.parametrize(("choice", "theme"), [(ThemeChoice.DARK, DARK), (ThemeChoice.LIGHT, LIGHT)])
def test_a_theme_is_applied(qapp: QApplication, choice: ThemeChoice, theme: Theme) -> None:
    assert apply_theme(qapp, choice) is theme
    assert current_theme() is theme
    assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.background
