"""What `resources/troubleshooting.toml` tells of messages, and which message belongs to which entry."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cached_property

from pydantic import BaseModel, ConfigDict, model_validator

from tests.messages.collected_messages import CollectedMessage
from tests.messages.read_modules import ROOT

FILE = ROOT / "resources" / "troubleshooting.toml"


class MessageEntry(BaseModel):
    """One cause with its way out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    messages: tuple[str, ...]
    """Patterns, with * for any text."""
    cause: str
    remedy: str

    @cached_property
    def _expressions(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(".*".join(map(re.escape, one.split("*"))) + r"\Z") for one in self.messages)

    def fitting(self, text: str) -> str | None:
        """The first pattern that fits a message."""
        return next(
            (one for one, found in zip(self.messages, self._expressions, strict=True) if found.match(text)), None
        )


class TroublePage(BaseModel):
    """Entries on one subject."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    summary: str
    entries: tuple[MessageEntry, ...]


class TroubleBook(BaseModel):
    """All pages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages: tuple[TroublePage, ...]

    @model_validator(mode="after")
    def _titles_differ(self) -> TroubleBook:
        if len({entry.title for entry in self.entries}) < len(self.entries):
            raise ValueError("two entries have the same title")
        return self

    def entry_of(self, text: str) -> MessageEntry | None:
        """The entry that a message belongs to: the first that fits."""
        return next((entry for entry in self.entries if entry.fitting(text) is not None), None)

    @cached_property
    def entries(self) -> tuple[MessageEntry, ...]:
        """Of all pages, in their order."""
        return tuple(entry for page in self.pages for entry in page.entries)

    def texts_by_title(self, messages: Iterable[CollectedMessage]) -> dict[str, tuple[str, ...]]:
        """Title of an entry → the messages that it explains, in the alphabet's order."""
        found: dict[str, list[str]] = {entry.title: [] for entry in self.entries}
        for message in messages:
            if (entry := self.entry_of(message.text)) is not None:
                found[entry.title].append(message.text)
        return {title: tuple(sorted(texts, key=str.casefold)) for title, texts in found.items()}

    def unexplained(self, messages: Iterable[CollectedMessage]) -> tuple[CollectedMessage, ...]:
        """Messages without an entry."""
        return tuple(message for message in messages if self.entry_of(message.text) is None)

    def idle_patterns(self, messages: Iterable[CollectedMessage]) -> tuple[str, ...]:
        """Patterns by which no message comes to its entry."""
        texts = self.texts_by_title(messages)
        return tuple(
            f"{entry.title}: {pattern}"
            for entry in self.entries
            for pattern in sorted(set(entry.messages) - {entry.fitting(text) for text in texts[entry.title]})
        )


def trouble_book() -> TroubleBook:
    """As the file has it."""
    return TroubleBook.model_validate(tomllib.loads(FILE.read_text(encoding="utf-8")))
