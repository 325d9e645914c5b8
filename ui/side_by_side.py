"""Two parts of a page in a row, or one below the other where the page is too narrow for both."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

ANY_WIDTH = 16_777_215
"""Qt's maximum width."""


class SideBySide(QWidget):
    """Never asks for more width than its wider part needs, so that a page scrolls down and not to the side."""

    def __init__(
        self,
        left: QWidget,
        right: QWidget,
        left_width: int = 0,
        left_grows: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            left_width: in pixels, while the parts stand in a row; 0: both take half of the room.
            left_grows: whether it is only the minimum width.
        """
        super().__init__(parent)
        self._left, self._right = left, right
        self._left_width, self._left_grows = left_width, left_grows
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(left, 0 if left_width and not left_grows else 1)
        self._row.addWidget(right, 1)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        width = max(self._left.minimumSizeHint().width(), _minimum_width(self._right))
        return QSize(width, self._row.minimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().event(event)

    def _arrange(self) -> None:
        left = self._left_width or self._left.minimumSizeHint().width()
        need = left + self._row.spacing() + _minimum_width(self._right)
        beside = self.width() >= need
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._row.direction() != direction:
            self._row.setDirection(direction)
            self.updateGeometry()
        if self._left_width:
            self._left.setMinimumWidth(self._left_width if beside else 0)
            self._left.setMaximumWidth(self._left_width if beside and not self._left_grows else ANY_WIDTH)


def _minimum_width(part: QWidget) -> int:
    return max(part.minimumSizeHint().width(), part.minimumWidth())
