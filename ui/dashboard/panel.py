"""What a panel of the dashboard declares: its tab, what it shows of a run, and how it follows the theme."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSettings, Signal
from PySide6.QtWidgets import QWidget

from engine.contract.registry import Registry
from ui.shown_run import ShownRun
from ui.theme import Theme


class Panel(QWidget):
    """One tab. The dashboard finds every panel in `ui.dashboard.panels`, and draws one in a turn of the event loop."""

    key: ClassVar[str]
    tab: ClassVar[str]
    """The tab's title."""
    place: ClassVar[int] = 50
    """Tabs stand in this order."""
    is_always_there: ClassVar[bool] = False
    """Else its tab comes with the first `filled`."""

    filled = Signal(bool)
    """Whether there is something to show."""
    row_requested = Signal(str)
    """The name of a variant whose row in the table the user wants to see."""
    try_requested = Signal(object)
    """The `Path` of a `.tflite` that the user wants to try on images."""

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        """
        Args:
            settings: what a user has chosen is remembered there; None: nowhere.
        """
        super().__init__()

    def show_state(self, state: ShownRun) -> None:
        """Show what has changed since the last call."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """End the panel's threads."""

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another theme; one that takes them from the application has nothing to do."""


PANELS: Registry[Panel] = Registry("ui.dashboard.panels", Panel, "panel")
