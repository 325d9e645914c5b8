"""Figures with as many digits as say something."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

SIGNIFICANT = 3


def figure_text(value: float) -> str:
    """Three significant digits at least, without an exponent: "0.0187", "1.23", "12.3", "1,235"."""
    if value == 0:
        return "0"
    decimals = max(SIGNIFICANT - 1 - floor(log10(abs(value))), 0)
    return f"{value:,.{decimals}f}"


def p_text(value: float) -> str:
    """Such as "0.031" and "< 0.001"."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def listed(words: Sequence[str]) -> str:
    """Such as "a, b and c"; empty of none."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def either(words: Sequence[str]) -> str:
    """Such as "a, b or c"; empty of none."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
