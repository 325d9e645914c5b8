"""Garbage is found in the window's thread, whatever other threads leave behind."""

from __future__ import annotations

import gc
import threading
from typing import ClassVar

from pytestqt.qtbot import QtBot

from workers.latest_call import LatestCall

CYCLES = 5_000


class Cycle:
    """Tells in which thread it is deleted."""

    deleted_in: ClassVar[set[int]] = set()

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        Cycle.deleted_in.add(threading.get_ident())


def test_what_a_worker_leaves_is_deleted_in_the_windows_thread(qtbot: QtBot) -> None:
    Cycle.deleted_in.clear()
    call = LatestCall("cycles")
    with qtbot.waitSignal(call.succeeded) as answered:
        call.request(lambda progress: len([Cycle() for _ in range(CYCLES)]))
    call.shut_down()
    assert answered.args == [CYCLES]
    assert not gc.isenabled()
    # Those that a search met while they were in use are older by now, and wait for a search among these.
    gc.collect()
    assert Cycle.deleted_in == {threading.get_ident()}
