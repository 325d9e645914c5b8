"""Durations, readable."""

from __future__ import annotations

from engine.language.speech import tr


def duration_text(seconds: float) -> str:
    """Such as "8 s", "2 min 05 s" or "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return tr("{whole} s", whole=whole)
    if whole < 3600:
        return tr("{whole} min {whole2:02d} s", whole=whole // 60, whole2=whole % 60)
    return tr("{whole} h {whole2:02d} min", whole=whole // 3600, whole2=whole % 3600 // 60)
