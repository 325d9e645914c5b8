"""Counts in words: "1 variant", "2,000 variants"."""

from __future__ import annotations

from engine.language.speech import tr_count


def counted(count: int, one: str) -> str:
    """A count with its noun, whose plural ends in "s" in English."""
    return tr_count(f"{{count:,}} {one}", f"{{count:,}} {one}s", count)
