"""The stage tree: each stage's progress, status and time, indented below the one that it begins from."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from engine.language.speech import tr
from ui.dashboard.stage_tree_model import FRACTION_ROLE, StageColumn, StageTreeModel
from ui.shown_run import ShownRun
from ui.theme import current_theme

COLUMN_PIXELS = {
    StageColumn.STAGE: 140,
    StageColumn.PROGRESS: 76,
    StageColumn.STATUS: 106,
}
MIN_COLUMN_PIXELS = 60
ROW_PIXELS = 24
BAR_OPACITY = 0.4


class StageTreeView(QTreeView):
    """Always open: the tree is small, and what is hidden cannot be watched."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dashboard.stages")
        self.setAccessibleName(tr("Stages"))
        self._stages = StageTreeModel(self)
        self.setModel(self._stages)
        self.setItemDelegateForColumn(StageColumn.PROGRESS, ProgressDelegate(self))
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(12)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.header().setStretchLastSection(False)
        self.header().setMinimumSectionSize(MIN_COLUMN_PIXELS)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in COLUMN_PIXELS.items():
            # A heading is longer in some languages.
            self.header().resizeSection(column, max(width, self.header().sectionSizeHint(column)))
        self._stages.modelReset.connect(self._on_reset)
        self._stages.dataChanged.connect(self._on_changed)

    def show_state(self, state: ShownRun) -> None:
        """Show where each stage is."""
        self._stages.show_state(state)

    def _on_reset(self) -> None:
        self.expandAll()
        names = self.sizeHintForColumn(StageColumn.STAGE)
        self.header().resizeSection(StageColumn.STAGE, max(names, COLUMN_PIXELS[StageColumn.STAGE]))
        self._on_changed()
        self._fit_chains()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_chains()

    def _on_changed(self, *_: object) -> None:
        """A longer status gets more room; it gives none back, so that the columns stand still."""
        need = self.sizeHintForColumn(StageColumn.STATUS)
        if need > self.header().sectionSize(StageColumn.STATUS):
            self.header().resizeSection(StageColumn.STATUS, need)
            self._fit_chains()

    def _fit_chains(self) -> None:
        """The last column has what the others leave, and never too little for its names: then the tree scrolls."""
        others = sum(self.header().sectionSize(column) for column in StageColumn if column is not StageColumn.CHAINS)
        names = self.sizeHintForColumn(StageColumn.CHAINS)
        self.header().resizeSection(StageColumn.CHAINS, max(names, self.viewport().width() - others))

    def drawBranches(self, painter: QPainter, rect: object, index: QModelIndex | QPersistentModelIndex) -> None:
        """The indentation says enough; arrows would promise that rows can be closed."""


class ProgressDelegate(QStyledItemDelegate):
    """Draws a bar behind the per cent."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = current_theme()
        frame = QRectF(option.rect).adjusted(3.5, 3.5, -3.5, -3.5)  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        filled = QRectF(frame)
        filled.setWidth(frame.width() * index.data(FRACTION_ROLE))
        colour = QColor(theme.accent)
        colour.setAlphaF(BAR_OPACITY)
        painter.fillRect(filled, colour)
        painter.setPen(QPen(QColor(theme.grid)))
        painter.drawRoundedRect(frame, 2, 2)
        painter.setPen(QPen(QColor(theme.text)))
        painter.drawText(frame, int(Qt.AlignmentFlag.AlignCenter), index.data())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex):  # type: ignore[no-untyped-def]
        size = super().sizeHint(option, index)
        size.setHeight(max(size.height(), ROW_PIXELS))
        return size
