"""An event log is read as far as it is whole, and on as it grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.events import EngineEvent, Notice, event_line
from engine.store.event_file import EventFile, digests_file
from engine.store.event_log import DAMAGED_EVENTS, NEWER_EVENTS, EventLog
from tests.ui.study_events import study_events
from ui.shown_run import ShownRun


@pytest.fixture
def events(tmp_path: Path) -> list[EngineEvent]:
    return study_events(tmp_path)


@pytest.fixture
def path(tmp_path: Path, events: list[EngineEvent]) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text("".join(event_line(event) + "\n" for event in events), encoding="utf-8")
    return path


def test_a_replay_is_the_run(path: Path, events: list[EngineEvent]) -> None:
    live, read = ShownRun(), ShownRun()
    live.apply_all(events)
    read.apply_all(EventLog(path).read_new())
    assert read == live


def test_a_half_written_line_waits_for_its_end(path: Path, events: list[EngineEvent]) -> None:
    text = path.read_bytes()
    cut = text.rindex(b"\n", 0, -1) + 40
    path.write_bytes(text[:cut])
    log = EventLog(path)
    assert log.read_new() == events[:-1]
    assert log.read_new() == []
    with path.open("ab") as stream:
        stream.write(text[cut:])
    assert log.read_new() == events[-1:]


def test_events_of_another_version_are_left_out_with_one_notice(path: Path, events: list[EngineEvent]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[5:5] = ['{"version": 2, "event": "epoch_finished"}', '{"version": 1, "event": "of_the_future"}', "no JSON"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read = EventLog(path).read_new()
    assert [event for event in read if event in events] == events
    (notice,) = [event for event in read if event not in events]
    assert isinstance(notice, Notice)
    assert (notice.severity, notice.message) == ("warning", NEWER_EVENTS)


def test_a_missing_log_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        EventLog(tmp_path / "nothing.jsonl").read_new()


@pytest.mark.parametrize("damaged", ["line", "digest"])
def test_a_damaged_line_is_left_out_and_told(tmp_path: Path, events: list[EngineEvent], damaged: str) -> None:
    path = tmp_path / "log.jsonl"
    with EventFile(path) as log:
        for event in events:
            log.append(event_line(event))
    assert EventLog(path).read_new() == events
    file = path if damaged == "line" else digests_file(path)
    content = bytearray(file.read_bytes())
    place = content.index(b"\n", len(content) // 2) + 9  # Within a line, and a number may be any other.
    content[place] ^= 1
    file.write_bytes(content)
    read = EventLog(path).read_new()
    (notice,) = [event for event in read if event not in events]
    assert isinstance(notice, Notice)
    assert notice.message == DAMAGED_EVENTS
    assert len([event for event in read if event in events]) == len(events) - 1
