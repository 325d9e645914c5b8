"""A run's `events.jsonl`, read to its end, and on as it grows."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

from pydantic import ValidationError

from engine.contract.events import EngineEvent, Notice, parse_event
from engine.store.event_file import digests_file, line_digest

DAMAGED_EVENTS = "The event log of this run is damaged: some events are missing here. The run's files are not affected."
NEWER_EVENTS = "Some events were written by another version of Nutshell and are not shown."


class EventLog:
    """Remembers how far it has read; a line that is not yet, or was never, written to its end is left for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._lines = 0
        self._told: set[str] = set()

    def read_new(self) -> list[EngineEvent]:
        """The events that were added since the last call; a notice stands in for those that this version cannot read.

        Raises:
            OSError: the file cannot be read.
        """
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            text = stream.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._offset += len(whole)
        events: list[EngineEvent] = []
        lines = whole.split(b"\n")[:-1]
        for line, digest in zip_longest(lines, self._digests()[self._lines :][: len(lines)]):
            if digest is not None and line_digest(line) != digest:
                self._tell(events, DAMAGED_EVENTS)
                continue
            try:
                events.append(parse_event(line))
            except ValidationError:
                self._tell(events, NEWER_EVENTS)
        self._lines += len(lines)
        return events

    def _digests(self) -> list[str]:
        """Of the lines from the first on; of a line just written, or of an earlier version's run, there may be none."""
        try:
            return digests_file(self._path).read_text(encoding="ascii", errors="replace").split("\n")[:-1]
        except OSError:
            return []

    def _tell(self, events: list[EngineEvent], message: str) -> None:
        """Once, among the events that it stands for."""
        if message not in self._told:
            self._told.add(message)
            at = {"time": events[-1].time} if events else {}
            events.append(Notice(severity="warning", message=message, **at))
