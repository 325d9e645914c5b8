"""Takes in the results of a device that were dropped on the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.language.speech import tr
from engine.store.locations import Locations
from ui.question import tell
from ui.wording import in_window_words
from workers.latest_call import LatestCall


class DeviceImport(QObject):
    """One file at a time, beside the event loop."""

    imported = Signal(object)
    """The `Path` of the run that they were taken into."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._work = LatestCall("device-import", self)
        self._work.succeeded.connect(self.imported)
        self._work.failed.connect(self._on_failed)

    def take(self, file: Path, locations: Locations, shown: Path | None) -> None:
        """
        Args:
            shown: the folder of the run that is shown.
        """
        self._work.request(lambda _: _imported(file, locations, shown))

    def shut_down(self) -> None:
        self._work.shut_down()

    def _on_failed(self, sentence: str) -> None:
        tell(self._window, tr("These results cannot be taken in"), in_window_words(sentence))


def _imported(file: Path, locations: Locations, shown: Path | None) -> Path:
    from engine.device.device_reports import import_into_its_run

    return import_into_its_run(file, locations, shown)[1]
