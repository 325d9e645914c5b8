"""A button that starts a measurement in an engine child and cancels it, with the progress of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.contract.events import EngineEvent, LayerMeasured, PreparationProgress, SensitivityPhase
from engine.language.speech import tr
from ui.durations import duration_text

BAR_HEIGHT = 6
STEPS = 1000


class MeasuringBar(QWidget):
    """One button, a line of text, and a thin bar while something is measured."""

    begin_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, name: str, text: str, why: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: what the object names begin with.
            text: the button's while nothing is measured.
            why: its tool tip.
        """
        super().__init__(parent)
        self._text, self._why = text, why
        self._busy = False
        self._button = QPushButton(text, objectName=f"{name}.measure")
        self._doing = QLabel(objectName=f"{name}.doing")
        self._doing.setProperty("role", "hint")
        self._bar = QProgressBar(objectName=f"{name}.progress", textVisible=False, maximum=0)
        self._bar.setAccessibleName(tr("Progress of the measurement"))
        self._bar.setFixedHeight(BAR_HEIGHT)
        row = QHBoxLayout()
        row.addWidget(self._button)
        row.addWidget(self._doing, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._bar)
        self._button.clicked.connect(self._on_clicked)
        self.end()

    @property
    def is_busy(self) -> bool:
        return self._busy

    def offer(self, possible: bool) -> None:
        """Whether there is something to measure."""
        self._button.setEnabled(possible)

    def begin(self) -> None:
        """Something is being measured."""
        self._busy = True
        self._button.setText(tr("&Cancel"))
        self._button.setToolTip("")
        self._tell(tr("Starting the engine…"), 0)
        self._bar.show()

    def end(self) -> None:
        """Nothing is measured any more."""
        self._busy = False
        self._button.setEnabled(True)
        self._button.setText(self._text)
        self._button.setToolTip(self._why)
        self._doing.setText("")
        self._bar.hide()

    def show_event(self, event: EngineEvent) -> None:
        """Show what the engine tells."""
        match event:
            case PreparationProgress():
                self._tell(tr("Reading images: {done:,} of {total:,}", done=event.done, total=event.total), 0)
            case SensitivityPhase():
                self._tell(f"{event.phase[:1].upper()}{event.phase[1:]}…", 0)
            case LayerMeasured():
                left = duration_text(event.seconds_left)
                self._tell(tr("{layer}, {left} left", layer=event.layer, left=left), STEPS)
                self._bar.setValue(round(STEPS * event.done_fraction))
            case _:
                pass

    def _tell(self, text: str, total: int) -> None:
        self._doing.setText(text)
        self._bar.setRange(0, total)

    def _on_clicked(self) -> None:
        if self._busy:
            self._button.setEnabled(False)
            self.cancel_requested.emit()
        else:
            self.begin_requested.emit()
