"""Sizes in bytes, readable."""

from __future__ import annotations

from engine.language.speech import mark, number_text, tr

UNITS = (mark("bytes"), mark("KiB"), mark("MiB"), mark("GiB"), mark("TiB"))


def bytes_text(count: float) -> str:
    """Such as "640 bytes", "2.8 MiB" or "1.3 GiB", by 1024."""
    power = 0
    while count >= 1023.5 and power < len(UNITS) - 1:
        count, power = count / 1024, power + 1
    figure = f"{count:.1f}" if power and count < 9.95 else f"{count:.0f}"
    return f"{number_text(figure)} {tr(UNITS[power])}"
