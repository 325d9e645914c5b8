"""A path that is typed, browsed for, or dropped from the file manager: a folder, a file, or either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from engine.contract.path_need import PathNeed
from engine.language.speech import tr
from ui.form.browse_start import existing_part, pictures
from ui.form.calm_fields import StudyLine

TYPED_PAUSE_MS = 900
"""After the last letter of a path that is not ended by Enter or by leaving the field."""


class PathField(QWidget):
    """A line and a button, which has a menu where the path may be a folder or a file."""

    edited = Signal(str)
    """The path, as the user changed it."""

    def __init__(
        self, name: str, title: str, placeholder: str, need: PathNeed, near: Callable[[], str] = pictures
    ) -> None:
        """
        Args:
            name: the line's object name; the button's is followed by ".browse".
            title: of the dialogue, and what screen readers say.
            near: where the dialogue opens while no path is chosen.
        """
        super().__init__()
        self._title = title
        self._near = near
        self._taken = ""
        self._line = StudyLine(objectName=name, placeholderText=placeholder)
        self._line.setAccessibleName(title)
        # Left to itself, a line takes a dropped folder as the text of its URL.
        self._line.setAcceptDrops(False)
        # A tool button is as high as the line; a push button is higher.
        self._browse = QToolButton(text=tr("Browse…"), objectName=f"{name}.browse")
        self._browse.setAccessibleName(tr("Browse for: {title}", title=title))
        self._menu = QMenu(self)
        self._menu.addAction(tr("Folder…"), self._browse_folder)
        self._menu.addAction(tr("File…"), self._browse_file)
        self.setAcceptDrops(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._browse)
        self._typed = QTimer(self, singleShot=True, interval=TYPED_PAUSE_MS)
        self._typed.timeout.connect(self._take_typed)
        self._line.textEdited.connect(lambda _: self._typed.start())
        self._line.editingFinished.connect(self._take_typed)
        self._browse.clicked.connect(self._on_browse)
        self.set_need(need)

    def editors(self) -> list[QWidget]:
        """The line and the button, for the order of the Tab key."""
        return [self._line, self._browse]

    def set_need(self, need: PathNeed) -> None:
        """Take other kinds of paths from now on."""
        self._need = need
        either = need.folder and need.suffixes
        self._browse.setMenu(self._menu if either else None)  # type: ignore[arg-type]
        self._browse.setPopupMode(
            QToolButton.ToolButtonPopupMode.InstantPopup if either else QToolButton.ToolButtonPopupMode.DelayedPopup
        )

    def path(self) -> str:
        """As typed, without spaces around it."""
        return self._line.text().strip()

    def set_path(self, path: str) -> None:
        """Show a path; does not count as an edit."""
        # A path that is being typed is left alone.
        if self.path() != path and not self._typed.isActive():
            self._line.setText(path)
        self._taken = path
        self._line.setToolTip(path)

    def _take_typed(self) -> None:
        """What was typed, once: half of a path is a path too, such as the root of the disk."""
        self._typed.stop()
        if self.path() != self._taken:
            self._taken = self.path()
            self.edited.emit(self._taken)

    def takes(self, path: Path) -> bool:
        """Whether such a path may be dropped here."""
        return self._need.takes(path)

    def choose(self, path: str) -> None:
        """Take a path as if it had been typed."""
        self._typed.stop()
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
        if self._need.folder:
            self._browse_folder()
        else:
            self._browse_file()

    def _start(self) -> str:
        return existing_part(self.path()) or existing_part(self._near()) or pictures()

    def _browse_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, self._title, self._start()):
            self.choose(path)

    def _browse_file(self) -> None:
        patterns = " ".join(f"*{suffix}" for suffix in self._need.suffixes)
        path, _ = QFileDialog.getOpenFileName(self, self._title, self._start(), f"{self._title} ({patterns})")
        if path:
            self.choose(path)


def dropped_path(event: QDropEvent, field: PathField) -> Path | None:
    """The first path of a drag that the field can take."""
    return next(filter(field.takes, dropped_paths(event)), None)


def dropped_paths(event: QDropEvent) -> list[Path]:
    """The paths on this machine that a drag brings."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
