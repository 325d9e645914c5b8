"""Decisions on test images as a Qt table, with pictures that come when they are looked at."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPixmap

from engine.inspection.decision_changes import Decision
from engine.language.speech import mark, number_text, tr
from ui.pictures import pixmap
from workers.run_pictures import SmallImages

PICTURE_PIXELS = 56
AT_ONCE = 24
"""Pictures that are asked for together: what is scrolled past meanwhile is not waited for."""
HEADS = (
    mark("image"),
    mark("change"),
    mark("true class"),
    mark("baseline says"),
    mark("file says"),
    mark("where it comes from"),
)
PICTURE, PATH = 0, 5

Index = QModelIndex | QPersistentModelIndex


class DecisionsModel(QAbstractTableModel):
    """A row per image."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._decisions: tuple[Decision, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._pictures: dict[str, QPixmap] = {}
        self._faults: dict[str, str] = {}

    def show(self, decisions: tuple[Decision, ...], classes: tuple[str, ...]) -> None:
        """Show these in place of the others."""
        if (decisions, classes) != (self._decisions, self._classes):
            self.beginResetModel()
            self._decisions, self._classes = decisions, classes
            self.endResetModel()

    def decision(self, row: int) -> Decision:
        return self._decisions[row]

    def without_picture(self, top: int, bottom: int) -> list[str]:
        """The paths of the first images in these rows that nobody has tried to read."""
        paths = (one.path for one in self._decisions[top : bottom + 1])
        return [path for path in paths if path not in self._pictures and path not in self._faults][:AT_ONCE]

    def take_pictures(self, found: SmallImages) -> None:
        """Show what was read."""
        self._pictures |= {path: pixmap(image, PICTURE_PIXELS) for path, image in found.pictures.items()}
        self._faults |= found.faults
        if self._decisions:
            self.dataChanged.emit(self.index(0, PICTURE), self.index(len(self._decisions) - 1, PATH))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._decisions)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADS)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        one = self._decisions[index.row()]
        if index.column() == PICTURE:
            if role == Qt.ItemDataRole.DecorationRole:
                return self._pictures.get(one.path)
            if role == Qt.ItemDataRole.SizeHintRole:
                return QSize(PICTURE_PIXELS + 8, PICTURE_PIXELS + 6)
            if role == Qt.ItemDataRole.DisplayRole and one.path in self._faults:
                return tr("not there")
            return self._faults.get(one.path) if role == Qt.ItemDataRole.ToolTipRole else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(one, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._faults.get(one.path, one.path)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return tr(HEADS[section])
        return None

    def _text(self, one: Decision, column: int) -> str:
        return (
            "",
            str(one.change),
            self._classes[one.label],
            f"{self._classes[one.before]}, {number_text(f'{one.before_probability:.3f}')}",
            f"{self._classes[one.after]}, {number_text(f'{one.after_probability:.3f}')}",
            one.path,
        )[column]
