"""Keys that act while a list has the focus, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView


def act_on_key(keys: str, target: QAbstractItemView, act: Callable[[], object]) -> None:
    """Call `act` when `keys`, such as "Alt+Up", are pressed in the list."""
    shortcut = QShortcut(QKeySequence(keys), target)
    shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
    shortcut.activated.connect(act)
