"""What differs in the recipes of the compared runs."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from engine.comparison.comparison import Comparison
from engine.language.speech import tr


class RecipeDifferencesTable(QTableWidget):
    """A row per key, a column per run; keys that are the same everywhere are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 0, parent)
        self.setObjectName("compare.recipes")
        self.setAccessibleName(tr("What differs in the recipes"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setMaximumSectionSize(360)

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show this one instead of the other; None: nothing."""
        rows = comparison.differences if comparison else ()
        titles = comparison.studies if comparison else ()
        self.setColumnCount(1 + len(titles))
        self.setHorizontalHeaderLabels([tr("key"), *titles])
        self.setRowCount(len(rows))
        for row, one in enumerate(rows):
            for column, text in enumerate((one.key, *one.values)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.setItem(row, column, item)
