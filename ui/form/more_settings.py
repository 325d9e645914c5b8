"""The button that shows a form's advanced settings, and says how many of them are not at their default."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from engine.language.speech import tr


class MoreSettings(QToolButton):
    """Unfolds what is below it."""

    def __init__(self, name: str) -> None:
        super().__init__(objectName=name, checkable=True, autoRaise=True)
        self.setAccessibleName(tr("More settings"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.toggled.connect(self._point)
        self._point(False)
        self.say_changed(0)

    def say_changed(self, count: int) -> None:
        """So that a setting that is out of sight is not out of mind."""
        self.setText(tr("More settings ({count} changed)", count=count) if count else tr("More settings"))

    def _point(self, unfolded: bool) -> None:
        self.setArrowType(Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow)
