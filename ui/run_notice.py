"""Notifies a user who works elsewhere that a long run has ended."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from engine.language.speech import mark, tr
from engine.launch.resources import ICON
from workers.process_outcome import Ending, ProcessOutcome

FAILED = mark("The run failed")
TITLES = {Ending.DONE: mark("The run is done"), Ending.CANCELLED: mark("The run was cancelled")}


class RunNotice(QObject):
    """A notification where the desktop has a tray, and a sign in the task bar, which tells the progress too."""

    activated = Signal()
    """The user clicked it: the window is wanted."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._title = window.windowTitle()
        self._tray: QSystemTrayIcon | None = None

    def stay_in_tray(self) -> None:
        """Show that the program keeps running although its window is closed."""
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._icon().show()

    def show_progress(self, per_cent: int) -> None:
        """In the window's title and as a number on the program's icon, so that the task bar tells it."""
        self._window.setWindowTitle(f"{per_cent} % – {self._title}")
        self._set_badge(per_cent)

    def tell(self, name: str, outcome: ProcessOutcome) -> None:
        """Say how a run ended, unless the user looks at the window."""
        self._window.setWindowTitle(self._title)
        self._set_badge(0)
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if QSystemTrayIcon.isSystemTrayAvailable():
            tray = self._icon()
            tray.show()
            tray.showMessage(tr(TITLES.get(outcome.ending, FAILED)), f"{name}. {outcome.message}")

    def hide(self) -> None:
        if self._tray is not None:
            self._tray.hide()

    def _set_badge(self, number: int) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setBadgeNumber(number)

    def _icon(self) -> QSystemTrayIcon:
        if self._tray is None:
            self._tray = QSystemTrayIcon(QIcon(str(ICON)), self)
            self._tray.setToolTip("Nutshell")
            self._tray.activated.connect(lambda _: self.activated.emit())
            self._tray.messageClicked.connect(self.activated)
        return self._tray
