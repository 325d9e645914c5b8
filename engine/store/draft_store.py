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
class KeptDraft:
    """As it lies on the disk."""

    draft: str
    text: str


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

    def write(self, draft: str, recipe: Recipe, known: str = "") -> KeptDraft:
        """Keep a draft as it is now: under another id where another window has changed it meanwhile.

        Args:
            known: the text that this window read or wrote last; empty: it has done neither.

        Raises:
            OSError: it cannot be written.
        """
        file, text = self.file(draft), recipe_text(recipe)
        there = file.read_text(encoding="utf-8") if file.is_file() else ""
        if there == text:
            return KeptDraft(draft, text)
        if there and there != known:
            draft = self.new_id()
        write_durably(self.file(draft), text)
        return KeptDraft(draft, text)

    def read(self, draft: str) -> Recipe:
        """
        Raises:
            NutshellError: it cannot be read, or is damaged.
        """
        return read_recipe(self.file(draft))

    def kept(self, draft: str) -> KeptDraft:
        """As it lies on the disk now; `read` has taken it."""
        return KeptDraft(draft, self.file(draft).read_text(encoding="utf-8"))

    def kept_as(self, draft: str, recipe: Recipe) -> KeptDraft | None:
        """As it lies on the disk, where it is this recipe."""
        kept = KeptDraft(draft, recipe_text(recipe))
        try:
            return kept if draft and self.kept(draft) == kept else None
        except OSError:
            return None

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
