"""Durations, readable."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """Such as "8 s", "2 min 05 s" or "1 h 12 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
