"""One process at a time computes a stage, and a killed one holds no lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.contract.errors import Cancelled
from engine.contract.progress import UNWATCHED, Progress
from engine.store.locations import Locations
from engine.store.stage_lock import computing_alone

HOLD = """
import sys, time
from pathlib import Path
from engine.store.locations import Locations
from engine.contract.progress import UNWATCHED
from engine.store.stage_lock import computing_alone
with computing_alone(Locations(Path(sys.argv[1])), "key", lambda: None, UNWATCHED):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_waits_and_goes_on_when_the_first_is_killed(tmp_path: Path, checkout: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], cwd=checkout, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    waited: list[bool] = []

    def on_wait() -> None:
        waited.append(True)
        holder.kill()

    with computing_alone(Locations(tmp_path), "key", on_wait, UNWATCHED):
        assert waited == [True]
    holder.wait()
    holder.stdout.close()


def test_a_wait_can_be_cancelled(tmp_path: Path) -> None:
    asked: list[bool] = []

    def cancel_later() -> None:
        asked.append(True)
        if len(asked) > 2:
            raise Cancelled("cancelled")

    with computing_alone(Locations(tmp_path), "key", lambda: None, UNWATCHED):
        inner = computing_alone(Locations(tmp_path), "key", lambda: None, Progress(cancel_later))
        with pytest.raises(Cancelled), inner:
            pass


def test_stages_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with (
        computing_alone(Locations(tmp_path), "one", lambda: pytest.fail("waited"), UNWATCHED),
        computing_alone(Locations(tmp_path), "two", lambda: pytest.fail("waited"), UNWATCHED),
    ):
        pass
