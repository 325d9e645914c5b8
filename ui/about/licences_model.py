"""The parts of the program as rows: name, version, licence."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.language.speech import mark, tr
from engine.licences.licensed_part import LicensedPart

COLUMNS = (mark("Part"), mark("Version"), mark("Licence"))
PART_ROLE = Qt.ItemDataRole.UserRole
SEARCHED_ROLE = Qt.ItemDataRole.UserRole + 1

Index = QModelIndex | QPersistentModelIndex


class LicencesModel(QAbstractTableModel):
    """`PART_ROLE` gives a row's part, `SEARCHED_ROLE` the text that a search looks in."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[LicensedPart, ...] = ()

    def show_parts(self, parts: tuple[LicensedPart, ...]) -> None:
        """Show these instead."""
        self.beginResetModel()
        self._parts = parts
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._parts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        horizontal = orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return tr(COLUMNS[section]) if horizontal else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        part = self._parts[index.row()]
        name = tr("{name} (in {file})", name=part.name, file=part.inside.split()[0]) if part.inside else part.name
        shown = (name, part.version, part.licence or tr("not known"))
        if role == Qt.ItemDataRole.DisplayRole:
            return shown[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return part.summary or shown[index.column()]
        if role == PART_ROLE:
            return part
        if role == SEARCHED_ROLE:
            return " ".join((*shown, part.summary, *part.native_libraries, *(one.name for one in part.components)))
        return None
