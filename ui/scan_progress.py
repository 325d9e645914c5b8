"""The progress of a scan, with a button that stops it or starts it again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.language.speech import tr

BAR_HEIGHT = 6


class ScanProgress(QWidget):
    """A line of text, a thin bar while work is in progress, and one button."""

    stop_requested = Signal()
    again_requested = Signal()

    def __init__(self, name: str, again: str, why: str, parent: QWidget | None = None) -> None:
        """
        Args:
            name: what the object names begin with.
            again: what the button says while no work is in progress.
            why: its tool tip.
        """
        super().__init__(parent)
        self._again, self._why = again, why
        self._busy = False
        self._text = QLabel(objectName=f"{name}.progress")
        self._text.setProperty("role", "hint")
        self._bar = QProgressBar(objectName=f"{name}.busy", textVisible=False)
        self._bar.setAccessibleName(tr("Progress of the scan"))
        self._bar.setFixedHeight(BAR_HEIGHT)
        self._button = QPushButton(again, objectName=f"{name}.scan")
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._bar)
        self._button.clicked.connect(self._on_clicked)
        self.end()

    @property
    def is_busy(self) -> bool:
        return self._busy

    def begin(self) -> None:
        """Work is in progress; its length is unknown."""
        self._busy = True
        self._button.setText(tr("S&top"))
        self._button.setToolTip("")
        self._text.setText(tr("Reading the images…"))
        self._bar.setRange(0, 0)
        self._set_bar_shown(True)

    def show_progress(self, done: int, total: int) -> None:
        """Show the progress; total 0: unknown."""
        self._text.setText(
            tr("{done:,} of {total:,} images", done=done, total=total)
            if total
            else tr("{done:,} images so far", done=done)
        )
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def end(self) -> None:
        """No work is in progress."""
        self._busy = False
        self._button.setText(self._again)
        self._button.setToolTip(self._why)
        self._text.setText("")
        self._set_bar_shown(False)

    def _set_bar_shown(self, shown: bool) -> None:
        policy = self._bar.sizePolicy()
        # Its place is kept, so that nothing below it jumps.
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.setVisible(shown)

    def _on_clicked(self) -> None:
        (self.stop_requested if self._busy else self.again_requested).emit()
