"""What the program is made of: a list to search, and the licence texts of the row that is chosen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.language.speech import mark, tr
from engine.licences.licensed_part import CollectedLicences
from ui.about.licences_model import PART_ROLE, SEARCHED_ROLE, LicencesModel
from ui.about.long_text import LongText
from ui.licence_text import part_text
from ui.plain_label import PlainLabel

BUSY = mark("Reading the licences…")
NOTHING = mark("No part has this in its name, licence or libraries.")


class LicencesView(QWidget):
    """Empty until it is given what was collected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = LicencesModel(self)
        self._found = QSortFilterProxyModel(self)
        self._found.setSourceModel(self._model)
        self._found.setFilterRole(SEARCHED_ROLE)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._search = QLineEdit(
            objectName="licences.search", placeholderText=tr("Search names, licences and libraries")
        )
        self._search.setAccessibleName(tr("Search the licences"))
        self._search.setClearButtonEnabled(True)
        self._said = PlainLabel(tr(BUSY), "licences.said", wraps=True)
        self._table = QTableView(objectName="licences.table", accessibleName=tr("Parts of the program"))
        self._table.setModel(self._found)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.setTabKeyNavigation(False)
        self._text = LongText("licences.text", tr("Licence"))
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self._table)
        split.addWidget(self._text)
        split.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        for widget in (self._search, self._said, split):
            layout.addWidget(widget)
        layout.setStretchFactor(split, 1)
        self._search.textChanged.connect(self._on_search)
        self._table.selectionModel().currentRowChanged.connect(self._on_chosen)

    def show_licences(self, collected: CollectedLicences) -> None:
        """Fill the list and choose its first row."""
        self._said.hide()
        self._model.show_parts((collected.program, *collected.parts))
        self._table.setColumnWidth(0, 320)
        self._table.setColumnWidth(1, 120)
        self._table.selectRow(0)

    def show_trouble(self, sentence: str) -> None:
        """Say why there is nothing to see."""
        self._said.setText(sentence)
        self._said.show()

    def _on_search(self, text: str) -> None:
        self._found.setFilterFixedString(text.strip())
        found = self._found.rowCount() > 0
        self._said.setText("" if found else tr(NOTHING))
        self._said.setVisible(not found)
        if found:
            self._table.selectRow(0)
        else:
            self._text.show_text("")

    def _on_chosen(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        self._text.show_text(part_text(index.data(PART_ROLE)))
