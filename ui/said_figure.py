"""Figures of the engine's tables in the language that is spoken."""

from __future__ import annotations

from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text


def said_figure(text: str) -> str:
    """A cell of a table, such as "1,234.5 (12 %)" or "exact": its words in the language, else its number signs."""
    said = recognised(text)
    return number_text(text) if said == text else said
