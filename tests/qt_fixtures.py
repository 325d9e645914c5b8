"""Qt tests run without a display, fail on Qt's warnings, and leave no thread behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings

from ui.lasting_constants import make_constants_last
from ui.theme import ThemeChoice, apply_theme

make_constants_last()


@pytest.fixture
def no_thread_is_left_behind(qapp: object) -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in set(threading.enumerate()) - before if thread.is_alive() and not thread.daemon]
    assert not left


@pytest.fixture
def theme(qapp: object) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)  # type: ignore[arg-type]


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    """Settings of this test only."""
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
