"""Folders outside of the program with a lab's own steps, panels, backbones or image sources."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

VARIABLE = "NUTSHELL_EXTENSIONS"
"""An environment variable: folders, separated as in PATH, which may hold `steps`, `panels`, `backbones`, `sources`,
`augmentations`, `runtimes`, and `criteria` of channel pruning."""


def extend(package: str) -> None:
    """Let a package of the program find modules in the folders of its name, such as "steps", of the extensions."""
    kind = package.rpartition(".")[2]
    search = importlib.import_module(package).__path__
    for extension in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        folder = str(Path(extension).absolute() / kind)
        if Path(folder).is_dir() and folder not in search:
            search.append(folder)
