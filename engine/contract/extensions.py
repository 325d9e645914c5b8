"""Folders outside of the program that hold steps and panels of a lab's own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "NUTSHELL_EXTENSIONS"
"""An environment variable: folders, separated as in PATH; each may hold `steps/` and `panels/`."""


def with_extensions(own: Iterable[str], kind: str) -> list[str]:
    """The search path of a package whose modules a registry reads: its own folder, then those of the extensions.

    Args:
        kind: "steps" or "panels".
    """
    folders = (Path(folder) / kind for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder)
    return [*own, *(str(folder) for folder in folders if folder.is_dir())]
