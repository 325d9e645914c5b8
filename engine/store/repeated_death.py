"""Whether an engine died where the one before it died: told from the events of a run, and of its study's run before."""

from __future__ import annotations

from pathlib import Path

from engine.contract.running_stage import RunningStage
from engine.store.event_log import EventLog

EVENTS = "events.jsonl"
STAMP, TAIL = len("20260131-142501-"), len("-3f9a")
"""What a run's id has before and behind its study's name."""


def died_there_before(directory: Path) -> bool:
    """Whether the run, whose engine has just died, was cut off in the same epoch of the same stage the time before.

    The time before is the start before this one of a run that was resumed, else the last run of a study of that name.
    False where the events cannot be read.
    """
    run = _told(directory)
    if run is None or run.place is None:
        return False
    return run.was_cut_off_again or (run.starts == 1 and run.place == _place_of_the_run_before(directory))


def _place_of_the_run_before(directory: Path) -> tuple[str, int] | None:
    study = directory.name[STAMP:-TAIL]
    earlier = (
        one.name
        for one in directory.parent.iterdir()
        if one.name < directory.name and one.name[STAMP:-TAIL] == study and (one / EVENTS).is_file()
    )
    run = _told(directory.parent / last) if (last := max(earlier, default="")) else None
    return run.place if run else None


def _told(directory: Path) -> RunningStage | None:
    run = RunningStage()
    try:
        for event in EventLog(directory / EVENTS).read_new():
            run.take(event)
    except OSError:
        return None
    return run
