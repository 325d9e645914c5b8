"""How the program starts itself again as a child: the engine, or a clean process that measures."""

from __future__ import annotations

import sys
from pathlib import Path

VERSION = "0.1.0"
"""As in pyproject.toml."""
ENGINE_SWITCH = "--engine-child"
MEASUREMENT_SWITCH = "--measurement-child"


def program_command(*arguments: str) -> list[str]:
    """The command line of this program with `arguments`; in a frozen build `sys.executable` is the program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, str(Path(__file__).resolve().parents[2] / "main.py"), *arguments]
