"""Work that may hang is waited for by nobody, and only the newest request answers."""

from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot

from engine.contract.errors import DataError
from workers.patient_call import PatientCall


def test_it_answers_in_the_callers_thread(qtbot: QtBot) -> None:
    call = PatientCall("test")
    seen: list[tuple[object, bool]] = []
    call.succeeded.connect(lambda answer: seen.append((answer, threading.current_thread() is threading.main_thread())))
    call.request(lambda: threading.current_thread() is threading.main_thread())
    qtbot.waitUntil(lambda: seen == [(False, True)])


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(DataError("No."), "No."), (OSError(5, "gone"), "[Errno 5] gone"), (KeyError("x"), "That did not work: 'x'")],
)
def test_what_goes_wrong_is_a_sentence(qtbot: QtBot, error: Exception, sentence: str) -> None:
    def fail() -> None:
        raise error

    call = PatientCall("test")
    with qtbot.waitSignal(call.failed) as failed:
        call.request(fail)
    assert failed.args == [sentence]


def test_a_late_answer_is_told_and_an_overtaken_one_does_not_come(qtbot: QtBot) -> None:
    go_on, seen = threading.Event(), []
    call = PatientCall("test")
    call.succeeded.connect(seen.append)
    with qtbot.waitSignal(call.late, timeout=8000):
        call.request(lambda: go_on.wait(60) and "first")
    call.request(lambda: "second")
    qtbot.waitUntil(lambda: seen == ["second"])
    go_on.set()
    qtbot.wait(200)
    assert seen == ["second"]


def test_an_answer_after_the_end_of_the_window_does_no_harm(qtbot: QtBot) -> None:
    go_on, ended = threading.Event(), threading.Event()
    call = PatientCall("test")

    def work() -> None:
        go_on.wait(60)
        ended.set()

    call.request(work)
    call.deleteLater()
    qtbot.wait(50)
    go_on.set()
    assert ended.wait(5)
    qtbot.wait(50)


def test_what_is_called_off_answers_no_more(qtbot: QtBot) -> None:
    go_on, seen = threading.Event(), []
    call = PatientCall("test")
    call.succeeded.connect(seen.append)
    call.request(lambda: go_on.wait(60))
    call.call_off()
    go_on.set()
    qtbot.wait(200)
    assert seen == []
