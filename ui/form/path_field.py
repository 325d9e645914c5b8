"""A path that is typed, browsed for, or dropped from the file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget


class PathField(QWidget):
    """A line and a button; a folder where there is no `file_filter`."""

    edited = Signal(str)
    """The path, as the user changed it."""

    def __init__(self, name: str, title: str, placeholder: str, file_filter: str = "") -> None:
        """
        Args:
            name: the line's object name; the button's is followed by ".browse".
            title: of the dialogue, and what screen readers say.
            file_filter: such as "Keras (*.h5 *.keras)".
        """
        super().__init__()
        self._title = title
        self._file_filter = file_filter
        self._line = QLineEdit(objectName=name, placeholderText=placeholder)
        self._line.setAccessibleName(title)
        # Left to itself, a line takes a dropped folder as the text of its URL.
        self._line.setAcceptDrops(False)
        # A tool button is as high as the line; a push button is higher.
        self._browse = QToolButton(text="Browse…", objectName=f"{name}.browse")
        self._browse.setAccessibleName(f"Browse for: {title}")
        self.setAcceptDrops(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._browse)
        self._line.textEdited.connect(lambda text: self.edited.emit(text.strip()))
        self._browse.clicked.connect(self._on_browse)

    def editors(self) -> list[QWidget]:
        """The line and the button, for the order of the Tab key."""
        return [self._line, self._browse]

    def path(self) -> str:
        """As typed, without spaces around it."""
        return self._line.text().strip()

    def set_path(self, path: str) -> None:
        """Show a path; does not count as an edit."""
        if self.path() != path:
            self._line.setText(path)
        self._line.setToolTip(path)

    def takes(self, path: Path) -> bool:
        """Whether such a path may be dropped here."""
        return path.is_file() if self._file_filter else path.is_dir()

    def choose(self, path: str) -> None:
        """Take a path as if it had been typed."""
        self.set_path(path)
        self.edited.emit(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_path(event, self) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = dropped_path(event, self)
        if path is not None:
            self.choose(str(path))

    def _on_browse(self) -> None:
        if self._file_filter:
            path, _ = QFileDialog.getOpenFileName(self, self._title, self.path(), self._file_filter)
        else:
            path = QFileDialog.getExistingDirectory(self, self._title, self.path())
        if path:
            self.choose(path)


def dropped_path(event: QDropEvent, field: PathField) -> Path | None:
    """The first path of a drag that the field can take."""
    paths = (Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
    return next((path for path in paths if field.takes(path)), None)
