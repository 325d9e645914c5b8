"""What a run was computed with is noted once, and again only where it has changed."""

from __future__ import annotations

from pathlib import Path

from engine.store.run_environment import ENVIRONMENT_FILE, current_environment, note_environment, read_environments


def test_it_is_noted_once(tmp_path: Path) -> None:
    note_environment(tmp_path)
    note_environment(tmp_path)
    assert read_environments(tmp_path) == (current_environment(),)
    assert {"tensorflow", "ai-edge-litert"} <= current_environment().packages.keys()


def test_a_run_that_was_resumed_after_an_update_has_both(tmp_path: Path) -> None:
    note_environment(tmp_path)
    file = tmp_path / ENVIRONMENT_FILE
    version = current_environment().packages["tensorflow"]
    file.write_text(file.read_text().replace(f'"tensorflow": "{version}"', '"tensorflow": "2.0.0"'))
    note_environment(tmp_path)
    assert [one.packages["tensorflow"] for one in read_environments(tmp_path)] == ["2.0.0", version]


def test_a_run_that_noted_none_or_a_damaged_file_says_nothing(tmp_path: Path) -> None:
    assert read_environments(tmp_path) == ()
    (tmp_path / ENVIRONMENT_FILE).write_text("{")
    assert read_environments(tmp_path) == ()
