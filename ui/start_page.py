"""The first page: the ways to start."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.language.speech import mark, tr
from engine.store.draft_store import Draft
from engine.store.run_history import RunRecord
from ui.form.browse_start import pictures

BUTTON_WIDTH = 340
MAX_RECENT = 3
TITLE = mark("Make a network small, and see what it costs")
DROP_HINT = mark(
    "Or drop a folder of images, an archive, a recipe, a model (.keras, .h5, .tflite) or a run anywhere on this window."
)
FOLDER_TIP = mark("A folder with one folder of images per class")


class StartPage(QWidget):
    """Buttons, and what was worked on last."""

    images_chosen = Signal(object)
    """The `Path` of a folder of images."""
    open_requested = Signal()
    """A recipe is to be opened."""
    demo_requested = Signal()
    bench_requested = Signal()
    new_requested = Signal()
    run_chosen = Signal(object)
    """A `RunRecord`."""
    draft_chosen = Signal(object)
    """A `Draft`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start")
        title = QLabel(tr(TITLE), wordWrap=True)
        title.setProperty("role", "title")
        self._folder = self._button(tr("&Choose a folder of images…"), "folder", tr(FOLDER_TIP))
        self._demo = self._button(
            tr("&Try the demo"), "demo", tr("Trains a small network on drawn hearts: about two minutes")
        )
        self._new = self._button(
            tr("New st&udy, step by step"), "new", tr("All image sources and settings, page by page")
        )
        self._open = self._button(
            tr("&Open a recipe…"), "open", tr("A .toml file that was saved here or written by hand")
        )
        self._bench = self._button(tr("Test &models on images"), "bench", tr("What finished models say of your images"))
        hint = QLabel(tr(DROP_HINT), wordWrap=True)
        hint.setProperty("role", "hint")
        self._recent = QFrame()
        self._recent_layout = QVBoxLayout(self._recent)
        self._recent_layout.setContentsMargins(0, 12, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 32, 48, 32)
        column.setSpacing(10)
        column.addWidget(title)
        for button in (self._folder, self._demo, self._new, self._open, self._bench):
            column.addWidget(button)
        column.addWidget(hint)
        column.addWidget(self._recent)
        column.addStretch()
        self._folder.clicked.connect(self._on_folder)
        self._demo.clicked.connect(self.demo_requested)
        self._new.clicked.connect(self.new_requested)
        self._open.clicked.connect(self.open_requested)
        self._bench.clicked.connect(self.bench_requested)

    def show_recent(self, draft: Draft | None, records: tuple[RunRecord, ...]) -> None:
        """Offer the draft that was changed last, and the newest runs."""
        while item := self._recent_layout.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        if draft is not None or records:
            self._recent_layout.addWidget(QLabel(tr("Recent")))
        if draft is not None:
            self._add_recent(tr("✎ {name} (draft)", name=draft.name), partial(self.draft_chosen.emit, draft))
        for record in records[:MAX_RECENT]:
            self._add_recent(f"{record.title} ({tr(record.state)})", partial(self.run_chosen.emit, record))

    def _add_recent(self, text: str, chosen: partial[None]) -> None:
        button = QPushButton(text.replace("&", "&&"), flat=True)
        button.setProperty("role", "recent")
        button.setMaximumWidth(BUTTON_WIDTH)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda *_: chosen())
        self._recent_layout.addWidget(button)

    def _button(self, text: str, name: str, tip: str) -> QPushButton:
        button = QPushButton(text, objectName=f"start.{name}")
        button.setMaximumWidth(BUTTON_WIDTH)
        button.setToolTip(tip)
        return button

    def _on_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, tr("Folder of images"), pictures()):
            self.images_chosen.emit(Path(path))
