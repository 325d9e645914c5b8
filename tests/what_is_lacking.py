"""What the tests need of this computer and do not find, in one sentence instead of a traceback per file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

OLDEST_PYTHON = (3, 11)
LACKING = 3
"""The exit code; pytest's own 3 is an internal error, as which this counts."""


def end_where_something_is_lacking() -> None:
    """Say it on the error stream and end pytest, before any test is collected."""
    for sentence in _lacking():
        sys.stderr.write(f"The tests cannot run here. {sentence}\n")
        raise SystemExit(LACKING)


def _lacking() -> Iterator[str]:
    if sys.version_info < OLDEST_PYTHON:
        yield f"Nutshell needs Python 3.11 or newer, and this is Python {sys.version.split()[0]}; name a newer one."
        return
    from engine.doctor.installed_packages import missing_packages, missing_trouble
    from engine.doctor.instruction_sets import avx_refusal
    from engine.doctor.window_trouble import window_trouble

    if missing := [*missing_packages(), *missing_packages("test")]:
        trouble = missing_trouble(missing, "test")
        yield f"{trouble.what} {trouble.remedy}"
    if refusal := avx_refusal():
        yield refusal
    if not os.environ.get("QT_QPA_PLATFORM"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if no_window := window_trouble():
        yield f"{no_window.what} {no_window.remedy}"
