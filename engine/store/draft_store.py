"""Studies that are being prepared: a recipe file each, beside the runs."""

from __future__ import annotations

import secrets
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from engine.contract.recipe import Recipe
from engine.contract.recipe_file import read_recipe, recipe_text
from engine.store.durable_file import write_durably
from engine.store.locations import Locations

SUFFIX = ".toml"


@dataclass(frozen=True)
class Draft:
    """One of them."""

    draft: str
    """Its id."""
    name: str
    """Of the study."""
    changed: float
    """Seconds since the epoch, UTC."""
    file: Path


@dataclass(frozen=True)
class DraftStore:
    """The drafts of one runs directory."""

    locations: Locations

    @staticmethod
    def new_id() -> str:
        """Sortable by time, and unique."""
        return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"

    def file(self, draft: str) -> Path:
        return self.locations.drafts / f"{draft}{SUFFIX}"

    def write(self, draft: str, recipe: Recipe) -> None:
        """Keep a draft as it is now.

        Raises:
            OSError: it cannot be written.
        """
        write_durably(self.file(draft), recipe_text(recipe))

    def read(self, draft: str) -> Recipe:
        """
        Raises:
            NutshellError: it cannot be read, or is damaged.
        """
        return read_recipe(self.file(draft))

    def list(self) -> tuple[Draft, ...]:
        """All drafts, that which was changed last first. Reads only, in milliseconds."""
        found = []
        for file in self.locations.drafts.glob(f"*{SUFFIX}"):
            try:
                name = str(tomllib.loads(file.read_text(encoding="utf-8")).get("name", file.stem))
                found.append(Draft(file.stem, name, file.stat().st_mtime, file))
            except (OSError, ValueError):
                found.append(Draft(file.stem, f"{file.stem} (damaged)", 0.0, file))
        return tuple(sorted(found, key=lambda one: one.changed, reverse=True))
