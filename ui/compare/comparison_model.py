"""Compared variants as a Qt table model."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from engine.comparison.comparison import COMPARED_FIGURES, ComparedRow, Comparison
from engine.figures.variant_figures import steps_text
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.said_figure import said_cell

SORT_ROLE = int(Qt.ItemDataRole.UserRole)
RUN, VARIANT = 0, 1
NAMED = 2
"""Columns before the figures."""
HEADS = (
    (mark("run"), mark("What the run is called.")),
    (mark("variant"), mark("The variant's name within its run.")),
)
WORST = float("inf")
"""Sorts rows without the figure behind all others."""

Index = QModelIndex | QPersistentModelIndex


class ComparisonModel(QAbstractTableModel):
    """One row per variant; the baseline is bold."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None

    @property
    def rows(self) -> tuple[ComparedRow, ...]:
        return self._comparison.rows if self._comparison else ()

    def set_comparison(self, comparison: Comparison | None) -> None:
        """Show this one instead of the other; None: nothing."""
        self.beginResetModel()
        self._comparison = comparison
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else NAMED + len(COMPARED_FIGURES)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or self._comparison is None:
            return None
        row, column = self._comparison.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.FontRole and row is self._comparison.baseline:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.ToolTipRole:
            unpaired = row.unpaired and f"{recognised(row.unpaired)}."
            return "\n".join(filter(None, (recognised(steps_text(row.source.variant)), unpaired)))
        if column < NAMED:
            names = (row.source.run.title, row.source.variant.name)
            return names[column] if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE) else None
        figure = COMPARED_FIGURES[column - NAMED]
        number = self._comparison.number(figure, row)
        text = self._comparison.text(figure, row)
        value = figure.value(row.shown, self._comparison.baseline.shown)
        if role == Qt.ItemDataRole.DisplayRole:
            return said_cell(figure, value, text)
        is_words = isinstance(value, str)
        if role == SORT_ROLE:
            return text if is_words else WORST if number is None else number
        if role == Qt.ItemDataRole.TextAlignmentRole and not is_words:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> object:
        if orientation is Qt.Orientation.Vertical:
            return None
        if section < NAMED:
            title, explanation = HEADS[section]
        else:
            title, explanation = COMPARED_FIGURES[section - NAMED].title, COMPARED_FIGURES[section - NAMED].explanation
        if role == Qt.ItemDataRole.DisplayRole:
            return tr(title)
        return tr(explanation) if role == Qt.ItemDataRole.ToolTipRole else None
