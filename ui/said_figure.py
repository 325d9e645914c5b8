"""Figures of the engine's tables in the language that is spoken."""

from __future__ import annotations

import re

from engine.figures.figure import Figure
from engine.language.sentence_recognition import recognised
from engine.language.speech import number_text

OF_THE_USER = frozenset({"chain", "setting"})
"""Figures whose texts users have named."""
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?%?")


def said_cell(figure: Figure, value: object, text: str) -> str:
    """The text of a variant's figure, but for what the user has named.

    Args:
        value: of the figure; a text where it is words.
    """
    if figure.name in OF_THE_USER:
        return text
    return recognised(text) if isinstance(value, str) else said_figure(text)


def said_figure(text: str) -> str:
    """A cell of a table, such as "1,234.5 (12 %)", "-0.4 (-2.0 to +1.2)" or "exact", as the language writes it."""
    said = recognised(text)
    if said == text:
        return number_text(text)
    # A number with a sign is a text to a template, and stands in the words as it was.
    for number in NUMBER.findall(text):
        said = said.replace(number, number_text(number))
    return said
