"""The order in which the Tab key goes through a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def set_tab_order(widgets: Sequence[QWidget]) -> None:
    """From the first to the last; left alone, Qt goes by the order of making."""
    for first, second in pairwise(widgets):
        QWidget.setTabOrder(first, second)


def last_in_focus_chain(root: QWidget) -> QWidget:
    """The last widget within another one that the Tab key comes to."""
    last, widget = root, root.nextInFocusChain()
    while widget is not None and widget is not root:
        if root.isAncestorOf(widget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            last = widget
        widget = widget.nextInFocusChain()
    return last
