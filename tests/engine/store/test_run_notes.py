"""Notes are the user's own words; damaged ones lose no run."""

from __future__ import annotations

from pathlib import Path

from engine.store.run_notes import NOTES_FILE, RunNotes, read_notes, write_notes


def test_notes_come_back(tmp_path: Path) -> None:
    assert read_notes(tmp_path) == RunNotes()
    notes = RunNotes(name="Zweiter Lauf", note="mit ä\nund <b>", tags=("mri", "final"))
    write_notes(tmp_path, notes)
    assert read_notes(tmp_path) == notes


def test_damaged_notes_are_empty(tmp_path: Path) -> None:
    (tmp_path / NOTES_FILE).write_bytes(b'{"name": 3')
    assert read_notes(tmp_path) == RunNotes()
