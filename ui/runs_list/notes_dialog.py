"""Writes what the user wants to say of a run: another name, a note, tags."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from engine.language.speech import tr
from engine.store.run_history import RunRecord
from engine.store.run_notes import RunNotes

NOTE_HEIGHT = 90
LONGEST_NAME = 80
MIN_WIDTH = 380


class NotesDialog(QDialog):
    """Asks; whoever opened it writes."""

    chosen = Signal(object)
    """The `RunNotes`."""

    def __init__(self, record: RunRecord, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notes")
        self.setWindowTitle(tr("Name, note and tags"))
        self.setMinimumWidth(MIN_WIDTH)
        self._study = record.name
        self._name = QLineEdit(record.title, objectName="notes.name", maxLength=LONGEST_NAME, accessibleName=tr("Name"))
        self._note = QPlainTextEdit(record.notes.note, objectName="notes.note", accessibleName=tr("Note"))
        self._note.setFixedHeight(NOTE_HEIGHT)
        self._note.setTabChangesFocus(True)
        self._tags = QLineEdit(", ".join(record.notes.tags), objectName="notes.tags", accessibleName=tr("Tags"))
        self._tags.setPlaceholderText(tr("words separated by commas"))
        form = QFormLayout()
        form.addRow(tr("&Name"), self._name)
        form.addRow(tr("N&ote"), self._note)
        form.addRow(tr("&Tags"), self._tags)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self._name.selectAll()

    def accept(self) -> None:
        name = self._name.text().strip()
        tags = tuple(dict.fromkeys(tag.strip().lstrip("#") for tag in self._tags.text().split(",") if tag.strip(" #")))
        notes = RunNotes(name="" if name == self._study else name, note=self._note.toPlainText().strip(), tags=tags)
        self.chosen.emit(notes)
        super().accept()
