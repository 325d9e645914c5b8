"""A run of an earlier version is brought up to date once, with copies, also when the process ends in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.contract.errors import DataError
from engine.contract.events import EngineEvent, EvidenceFound, Notice, RunFinished, VariantMeasured
from engine.steps.magnitude_pruning.evidence import PruningRounds
from engine.steps.post_training_quantization.evidence import CalibrationRecord
from engine.store.event_file import line_digest
from engine.store.event_log import DAMAGED_EVENTS, NEWER_EVENTS, EventLog
from engine.store.kept_format import RUN_FORMAT
from engine.store.run_format import (
    FORMAT_FILE,
    LOCK_FILE,
    bring_run_up_to_date,
    kept_copies,
    note_run_format,
    run_format,
)
from engine.store.run_hashes import is_damaged, write_run_hashes
from tests.earlier_runs import FIRST, SECOND, THIRD, earlier_runs, only_run


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return only_run(earlier_runs(FIRST, tmp_path / "runs"))


def content(directory: Path) -> dict[str, bytes]:
    files = (file for file in sorted(directory.rglob("*")) if file.is_file())
    return {file.relative_to(directory).as_posix(): file.read_bytes() for file in files}


def notices(events: list[EngineEvent]) -> list[str]:
    return [event.message for event in events if isinstance(event, Notice)]


def test_what_was_told_in_another_way_is_told_in_todays(first: Path) -> None:
    before = EventLog(first / "events.jsonl").read_new()
    assert NEWER_EVENTS in notices(before)
    assert bring_run_up_to_date(first) == ""
    events = EventLog(first / "events.jsonl").read_new()
    assert NEWER_EVENTS not in notices(events)
    rounds = [
        PruningRounds.model_validate(event.evidence.document) for event in events if isinstance(event, EvidenceFound)
    ]
    assert [(one.planned, len(one.rounds)) for one in rounds] == [(2, 1), (2, 2)]
    (finished,) = [event for event in events if isinstance(event, RunFinished)]
    last = finished.result.variants[-1]
    assert [one.kind for one in last.evidence] == ["pruning_rounds", "calibration"]
    assert last.evidence[0].document["rounds"] == list(last.pruning_rounds)
    calibration = CalibrationRecord.model_validate(last.evidence[1].document)
    assert calibration.model_dump(mode="json") == json.loads((first / last.ranges_file).read_text(encoding="utf-8"))
    measured = [event.variant for event in events if isinstance(event, VariantMeasured)]
    assert measured[-1].evidence == last.evidence
    assert len(events) == len(before) - 1 + len(rounds)


def test_copies_of_what_has_changed_are_kept_and_all_else_stays(first: Path) -> None:
    before = content(first)
    bring_run_up_to_date(first)
    after = content(first)
    copies = kept_copies(first, 1).relative_to(first).as_posix()
    assert after.pop(f"{copies}/events.jsonl") == before.pop("events.jsonl")
    assert after.pop(f"{copies}/added.txt") == b"events.digests"
    added = set(after) - set(before)
    assert added == {"events.jsonl", "events.digests", FORMAT_FILE}
    assert {name: after[name] for name in before} == before
    assert run_format(first) == RUN_FORMAT.version
    again = content(first)
    bring_run_up_to_date(first)
    assert content(first) == again


@pytest.mark.parametrize("version", [SECOND, THIRD])
def test_where_nothing_has_to_change_only_the_format_is_noted(version: str, tmp_path: Path) -> None:
    run = only_run(earlier_runs(version, tmp_path / "runs"))
    before = content(run)
    assert bring_run_up_to_date(run) == ""
    after = content(run)
    assert after.keys() - before.keys() == {FORMAT_FILE}
    assert {name: after[name] for name in before} == before


KILLED = """
import os, signal, sys
from pathlib import Path
import engine.store.run_format as run_format
at = int(sys.argv[2])
write = run_format.write_durably
def dying(path, content, written=[]):
    written.append(path)
    if len(written) == at:
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, content)
run_format.write_durably = dying
run_format.bring_run_up_to_date(Path(sys.argv[1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed by a signal")
@pytest.mark.parametrize("at", [1, 2, 3])
def test_one_that_was_killed_in_between_is_finished_by_the_next(at: int, first: Path, tmp_path: Path) -> None:
    whole = only_run(earlier_runs(FIRST, tmp_path / "whole"))
    bring_run_up_to_date(whole)
    done = subprocess.run([sys.executable, "-c", KILLED, str(first), str(at)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert run_format(first) == 1
    assert bring_run_up_to_date(first) == ""
    assert content(first) == content(whole)


def test_two_processes_at_once_do_it_once(first: Path, tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from engine.store.run_format import bring_run_up_to_date; "
        "bring_run_up_to_date(pathlib.Path(sys.argv[1]))"
    )
    for child in [subprocess.Popen([sys.executable, "-c", script, str(first)]) for _ in range(3)]:
        assert child.wait() == 0
    whole = only_run(earlier_runs(FIRST, tmp_path / "whole"))
    bring_run_up_to_date(whole)
    assert content(first) == content(whole)


def test_a_damaged_line_stays_damaged(tmp_path: Path) -> None:
    run = only_run(earlier_runs(SECOND, tmp_path / "runs"))
    # As a version between the first and the second has left it: digests, and rounds as events of their own.
    lines = (only_run(earlier_runs(FIRST, tmp_path / "first")) / "events.jsonl").read_bytes().split(b"\n")[:-1]
    digests = [line_digest(line) for line in lines]
    number = next(at for at, line in enumerate(lines) if b'"pruning_round_finished"' in line)
    lines[number] = lines[number].replace(b'"epochs":1', b'"epochs":9')
    (run / "events.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    (run / "events.digests").write_text("".join(f"{one}\n" for one in digests), encoding="ascii")
    bring_run_up_to_date(run)
    assert DAMAGED_EVENTS in notices(EventLog(run / "events.jsonl").read_new())


def test_a_run_of_a_later_version_is_refused_and_stays_as_it_is(first: Path) -> None:
    note_run_format(first, RUN_FORMAT.version + 1)
    before = content(first)
    with pytest.raises(DataError, match="A later version of Nutshell has written the run folder"):
        bring_run_up_to_date(first)
    assert content(first) == before


@pytest.mark.parametrize("text", ["", "[]", '{"format": "two"}', '{"format": 0}', "\xff"])
def test_a_damaged_format_file_is_told(first: Path, text: str) -> None:
    (first / FORMAT_FILE).write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"run\.json is damaged"):
        bring_run_up_to_date(first)


def test_a_run_that_may_be_in_progress_is_left_alone(first: Path) -> None:
    events = first / "events.jsonl"
    lines = events.read_bytes().split(b"\n")[:-2]
    events.write_bytes(b"".join(line + b"\n" for line in lines))
    before = content(first)
    assert bring_run_up_to_date(first) == ""
    assert content(first) == before
    long_ago = time.time() - 3600
    os.utime(events, (long_ago, long_ago))
    bring_run_up_to_date(first)
    assert run_format(first) == RUN_FORMAT.version


def test_a_folder_that_cannot_be_written_is_read_as_it_is(first: Path) -> None:
    (first / LOCK_FILE).mkdir()
    before = content(first)
    told = bring_run_up_to_date(first)
    assert told.startswith(f"This run is of an earlier version, and its folder {first} cannot be written (")
    assert content(first) == before
    assert NEWER_EVENTS in notices(EventLog(first / "events.jsonl").read_new())


def test_the_format_is_no_file_that_hashes_speak_of(first: Path) -> None:
    note_run_format(first)
    write_run_hashes(first)
    note_run_format(first, 9)
    assert not is_damaged(first, first / FORMAT_FILE)
