"""The newest request answers, an overtaken one never does, and the thread ends when asked to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.contract.errors import DataError
from engine.contract.progress import Progress
from workers.latest_call import LatestCall

ANSWER_MS = 5_000


@pytest.fixture
def call(qtbot: QtBot) -> Iterator[LatestCall]:
    call = LatestCall("test")
    yield call
    call.shut_down()
    assert not call._thread.isRunning()


def test_it_answers_from_another_thread(qtbot: QtBot, call: LatestCall) -> None:
    with qtbot.waitSignal(call.succeeded, timeout=ANSWER_MS) as answer:
        call.request(lambda progress: threading.get_ident())
    assert answer.args[0] != threading.get_ident()


def test_an_overtaken_request_ends_early_and_never_answers(qtbot: QtBot, call: LatestCall) -> None:
    answers: list[object] = []
    call.succeeded.connect(answers.append)
    call.failed.connect(answers.append)
    begun, ended_early = threading.Event(), threading.Event()

    def slow(progress: Progress) -> str:
        begun.set()
        try:
            while True:
                progress.raise_if_cancelled()
                time.sleep(0.001)
        finally:
            ended_early.set()

    call.request(slow)
    assert begun.wait(5)
    with qtbot.waitSignal(call.succeeded, timeout=ANSWER_MS):
        call.request(lambda progress: "newest")
    assert ended_early.is_set()
    assert answers == ["newest"]


def test_an_answer_that_was_on_its_way_is_dropped(qtbot: QtBot, call: LatestCall) -> None:
    """The first is done before the second is asked for, but its answer still waits in the queue."""
    answers: list[object] = []
    call.succeeded.connect(answers.append)
    done = threading.Event()

    def first(progress: Progress) -> str:
        done.set()
        return "first"

    call.request(first)
    assert done.wait(5)
    time.sleep(0.05)
    call.request(lambda progress: "second")
    qtbot.waitUntil(lambda: len(answers) > 0, timeout=ANSWER_MS)
    qtbot.wait(50)
    assert answers == ["second"]


def test_a_request_that_was_called_off_does_not_answer(qtbot: QtBot, call: LatestCall) -> None:
    answers: list[object] = []
    call.succeeded.connect(answers.append)
    call.request(lambda progress: "first")
    call.call_off()
    qtbot.wait(100)
    assert answers == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(DataError("There are no images."), "There are no images."), (KeyError("k"), "That did not work: 'k'")],
)
def test_what_goes_wrong_is_told_in_a_sentence(qtbot: QtBot, call: LatestCall, error: Exception, sentence: str) -> None:
    def fail(progress: Progress) -> None:
        raise error

    with qtbot.waitSignal(call.failed, timeout=ANSWER_MS) as failed:
        call.request(fail)
    assert failed.args == [sentence]
    with qtbot.waitSignal(call.succeeded, timeout=ANSWER_MS):
        call.request(lambda progress: "the thread lives on")


def test_progress_is_passed_on_ten_times_a_second_at_most(qtbot: QtBot, call: LatestCall) -> None:
    told: list[tuple[int, int]] = []
    call.progressed.connect(lambda done, total: told.append((done, total)))

    def count(progress: Progress) -> float:
        started = time.monotonic()
        for done in range(1_000_000_000):
            progress.report(done, 0)
            if time.monotonic() - started > 0.35:
                break
        return time.monotonic() - started

    with qtbot.waitSignal(call.succeeded, timeout=ANSWER_MS) as answer:
        call.request(count)
    assert told[0] == (0, 0)
    assert 2 <= len(told) <= answer.args[0] / 0.1 + 1
