"""Every test here shows widgets: a light theme, and an interpreter that outlives PySide6."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from ui.lasting_constants import make_constants_last
from ui.theme import ThemeChoice, apply_theme

make_constants_last()


@pytest.fixture(autouse=True)
def light_theme(qapp: QApplication) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)
