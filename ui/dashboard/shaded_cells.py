"""A small table of texts, each cell shaded by its share, such as a confusion matrix."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.language.speech import tr
from ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
STRONGEST = 0.85
"""How much of the theme's colour a cell has at most."""


class ShadedCells(QAbstractTableModel):
    """Texts, shaded by a share of 0 to 1 where there is one."""

    def __init__(
        self,
        columns: list[str],
        rows: list[str],
        texts: list[list[str]],
        shades: list[list[float]] | None,
        theme: Theme,
        parent: QWidget,
        explained: list[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns, self._rows, self._texts, self._shades = columns, rows, texts, shades
        self._theme, self._explained = theme, explained

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self._texts)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts[row][column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if self._shades is None:
            return None
        share = self._shades[row][column]
        if role == Qt.ItemDataRole.BackgroundRole:
            colour = QColor(self._theme.accent if row == column else self._theme.error)
            colour.setAlphaF(STRONGEST * share)
            return colour
        if role == Qt.ItemDataRole.ToolTipRole:
            said = self._columns[column].removeprefix("→ ")
            return tr(
                "{texts} of {rows} are predicted as {said} ({share:.1%})",
                texts=self._texts[row][column],
                rows=self._rows[row],
                said=said,
                share=share,
            )
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return (self._columns if orientation is Qt.Orientation.Horizontal else self._rows)[section]
        if role == Qt.ItemDataRole.ToolTipRole and orientation is Qt.Orientation.Horizontal and self._explained:
            return self._explained[section]
        return None
