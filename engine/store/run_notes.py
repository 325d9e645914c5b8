"""What the user writes about a run: another name, a note, tags. A small file in the run's directory."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.store.durable_file import write_durably

NOTES_FILE = "notes.json"


class RunNotes(BaseModel):
    """Empty where the user wrote nothing."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    """In place of the study's."""
    note: str = ""
    tags: tuple[str, ...] = ()


def read_notes(directory: Path) -> RunNotes:
    """The notes of a run's directory; empty ones where there are none, or they are damaged."""
    try:
        return RunNotes.model_validate_json((directory / NOTES_FILE).read_bytes())
    except (OSError, ValidationError):
        return RunNotes()


def write_notes(directory: Path, notes: RunNotes) -> None:
    """
    Raises:
        OSError: they cannot be written.
    """
    write_durably(directory / NOTES_FILE, notes.model_dump_json(indent=1))
