"""Texts that come out of files, made fit to be printed: they must not steer the terminal that they are shown on."""

from __future__ import annotations

import re

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST = 200
"""Characters; names in a hostile file can be of any length."""


def printable(text: object) -> str:
    """The text on one line, with a sign in the place of each character that is none, cut off where it is long."""
    shown = str(text).encode(errors="replace").decode()
    return CONTROL_CHARACTERS.sub("\ufffd", shown[:LONGEST])
