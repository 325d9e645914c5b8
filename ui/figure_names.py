"""Figures of variants by their names in the window's language."""

from __future__ import annotations

from engine.figures.figure import Figure
from engine.language.speech import tr


def one_line(figure: Figure) -> str:
    """The title in one line."""
    return tr(figure.title).replace("\n", " ")
