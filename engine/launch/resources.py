"""Where the files lie that the program reads and does not import."""

from __future__ import annotations

from pathlib import Path

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
"""In a checkout and in a built program, which has the modules' folders beside it, too."""
ICON = RESOURCES / "icons" / "nutshell.png"
