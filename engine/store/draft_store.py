"""Studies that are being prepared: one recipe file each, beside the runs."""

from __future__ import annotations

import secrets
import threading
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import NutshellError
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

    def read(self, draft: str) -> Recipe:
        """
        Raises:
            NutshellError: it cannot be read, or is damaged.
        """
        return read_recipe(self.file(draft))

    def found(self, draft: str) -> Recipe | None:
        """The draft; None where there is none such, or none that can be read."""
        try:
            return self.read(draft) if draft and self.file(draft).is_file() else None
        except NutshellError:
            return None

    def opened(self, draft: str, recipe: Recipe) -> OpenDraft:
        """A draft that a window continues with; a different recipe that is on the disk by now is kept."""
        return OpenDraft(self, draft, recipe_text(recipe) if draft else "")

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


class OpenDraft:
    """A draft that a window edits. Two windows with the same one keep two drafts, and never each other's changes."""

    def __init__(self, store: DraftStore, draft: str, text: str = "") -> None:
        """
        Args:
            draft: its id; empty: it is not kept, as it was not changed.
            text: what this window read or wrote of it last; empty: nothing.
        """
        self.draft = draft
        self.has_moved = False
        """Whether another window had changed it, so that this one's has another id now; who says so takes it back."""
        self._store = store
        self._text = text
        self._lock = threading.Lock()

    def write(self, recipe: Recipe) -> None:
        """Keep the draft as it is now; by any thread, one after the other.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            file, text = self._store.file(self.draft), recipe_text(recipe)
            there = file.read_text(encoding="utf-8") if file.is_file() else ""
            if there != text:
                if there and there != self._text:
                    self.draft, self.has_moved = self._store.new_id(), True
                write_durably(self._store.file(self.draft), text)
            self._text = text
