"""Rows that lie below other rows, as a Qt item model: what every tree of the app is made of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from engine.language.speech import tr

Index = QModelIndex | QPersistentModelIndex


class NestedRowsModel(QAbstractItemModel):
    """Where each row lies; a subclass says what is in it. An index carries the row's place in the order given."""

    def __init__(self, headers: Sequence[tuple[str, str]], parent: QObject | None = None) -> None:
        """
        Args:
            headers: of each column its title and what it means.
        """
        super().__init__(parent)
        self._headers = headers
        self._nest(())

    def _nest(self, parents: Sequence[int | None]) -> None:
        """Take new rows.

        Args:
            parents: of each row the place of the one that it lies below, or None.
        """
        self._parents = list(parents)
        self._children: dict[int | None, list[int]] = {}
        self._rows: list[int] = []
        for place, above in enumerate(parents):
            siblings = self._children.setdefault(above, [])
            self._rows.append(len(siblings))
            siblings.append(place)

    def cell(self, place: int, column: int) -> QModelIndex:
        """The index of a row's cell."""
        return self.createIndex(self._rows[place], column, place)

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008 - Qt's own
        children = self._children.get(_place(parent), [])
        if not (0 <= row < len(children) and 0 <= column < len(self._headers)):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]  # noqa: B008
        above = self._parents[index.internalId()] if index.isValid() else None
        return QModelIndex() if above is None else self.cell(above, 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.column() > 0 else len(self._children.get(_place(parent), []))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._headers)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> str | None:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        title, explanation = self._headers[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(title)
        return tr(explanation) if role == Qt.ItemDataRole.ToolTipRole else None


def _place(index: Index) -> int | None:
    return index.internalId() if index.isValid() else None
