"""The table of compared variants, with the columns that the user wants to see."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSettings, QSortFilterProxyModel, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView, QWidget

from engine.comparison.comparison import COMPARED_FIGURES, Comparison
from engine.language.speech import tr
from ui.compare.comparison_model import NAMED, SORT_ROLE, ComparisonModel
from ui.figure_names import one_line
from ui.menu_actions import added_action

COLUMNS_KEY = "compare/columns"
WIDEST_COLUMN = 320
TITLE_MARGIN, COLUMN_MARGIN = 26, 14
FITTED = 40
"""Rows that columns are made wide enough for."""


class ComparisonTable(QTableView):
    """Sortable; remembers its columns."""

    def __init__(self, settings: QSettings | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare.table")
        self.setAccessibleName(tr("Compared variants"))
        self._settings = settings
        self._model = ComparisonModel(self)
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(SORT_ROLE)
        self.setModel(self._sorted)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self._compares_images = False
        usual = [figure.name for figure in COMPARED_FIGURES if figure.is_usual]
        kept = settings.value(COLUMNS_KEY, usual) if settings is not None else usual
        # A single name comes back as a text.
        self._shown = {kept} if isinstance(kept, str) else set(kept or ())
        self.columns_menu = self._make_menu()
        QShortcut(QKeySequence.StandardKey.Copy, self, self._on_copy, context=Qt.ShortcutContext.WidgetShortcut)
        self._show_columns()

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Show this one instead of the other; None: nothing."""
        rows = comparison.rows if comparison else ()
        self._compares_images = len({row.source.variant.setting for row in rows}) > 1
        self._model.set_comparison(comparison)
        self._show_columns()

    def choose_row(self, name: str) -> None:
        """Select the row of a name, if there is one, and bring it into sight."""
        for place, row in enumerate(self._model.rows):
            if row.name == name:
                index = self._sorted.mapFromSource(self._model.index(place, 0))
                self.selectRow(index.row())
                self.scrollTo(index)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        self._actions: dict[int, QAction] = {}
        for place, figure in enumerate(COMPARED_FIGURES):
            action = added_action(menu, one_line(figure))
            action.setCheckable(True)
            action.setChecked(figure.name in self._shown)
            action.setToolTip(tr(figure.explanation))
            action.toggled.connect(partial(self._on_column, figure.name))
            self._actions[place] = action
        menu.setToolTipsVisible(True)
        return menu

    def _on_column(self, name: str, shown: bool) -> None:
        (self._shown.add if shown else self._shown.discard)(name)
        if self._settings is not None:
            self._settings.setValue(COLUMNS_KEY, sorted(self._shown))
        self._show_columns()

    def _show_columns(self) -> None:
        for place, figure in enumerate(COMPARED_FIGURES):
            offered = self._compares_images or not figure.compares_images
            self.setColumnHidden(NAMED + place, not (offered and figure.name in self._shown))
            self._actions[place].setVisible(offered)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """As wide as the first rows need: to look at all takes too long."""
        letters = self.horizontalHeader().fontMetrics()
        for column in (place for place in range(self._model.columnCount()) if not self.isColumnHidden(place)):
            title = str(self._model.headerData(column, Qt.Orientation.Horizontal))
            width = max(letters.horizontalAdvance(line) for line in title.split("\n")) + TITLE_MARGIN
            texts = (str(self._sorted.index(row, column).data()) for row in range(min(self._sorted.rowCount(), FITTED)))
            width = max(width, *(letters.horizontalAdvance(text) + COLUMN_MARGIN for text in texts), 0)
            self.setColumnWidth(column, min(width, WIDEST_COLUMN))

    def _on_copy(self) -> None:
        """The chosen rows, or all, as they are sorted, in a form that spreadsheets paste."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        columns = [place for place in range(self._model.columnCount()) if not self.isColumnHidden(place)]
        heads = (str(self._model.headerData(place, Qt.Orientation.Horizontal)) for place in columns)
        lines = ["\t".join(head.replace("\n", " ") for head in heads)]
        for row in rows or range(self._sorted.rowCount()):
            lines.append("\t".join(str(self._sorted.index(row, place).data()) for place in columns))
        QGuiApplication.clipboard().setText("\n".join(lines))
