"""Counts in words: "1 variant", "2,000 variants"."""

from __future__ import annotations


def counted(count: int, one: str) -> str:
    """A count with its noun, whose plural ends in "s"."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"
