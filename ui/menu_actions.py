"""Actions of menus that are used after they were added."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu


def added_action(menu: QMenu, text: str, act: Callable[[], object] | None = None) -> QAction:
    """Add an action and return it.

    It is made here: of one that `QMenu.addAction(text)` makes, PySide does not notice the end, and may take another at
    its address for it, so that a live action counts as deleted.
    """
    action = QAction(text, menu)
    if act is not None:
        action.triggered.connect(lambda *_: act())
    menu.addAction(action)
    return action
