"""A run's `events.jsonl`, read to its end, and on as it grows."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from engine.contract.events import EngineEvent, Notice, parse_event

NEWER_EVENTS = "Some events are of another version of Nutshell and were left out; what they told is missing here."


class EventLog:
    """Remembers how far it has read; a line that is not yet, or was never, written to its end is left for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._told_of_unknown = False

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
        for line in whole.splitlines():
            try:
                events.append(parse_event(line))
            except ValidationError:
                self._tell_of_unknown(events)
        return events

    def _tell_of_unknown(self, events: list[EngineEvent]) -> None:
        if not self._told_of_unknown:
            self._told_of_unknown = True
            at = {"time": events[-1].time} if events else {}
            events.append(Notice(severity="warning", message=NEWER_EVENTS, **at))
