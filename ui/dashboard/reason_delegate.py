"""Draws a list's rows as rich text that wraps, such as a bold heading over its sentence."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QAbstractTextDocumentLayout, QPainter, QPalette, QTextDocument
from PySide6.QtWidgets import QApplication, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

RICH_TEXT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
MARGIN = 6


class ReasonDelegate(QStyledItemDelegate):
    """The plain text of a row stays what a screen reader reads."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        self.initStyleOption(option, index)
        option.text = ""  # type: ignore[attr-defined]
        style = QApplication.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)  # type: ignore[attr-defined]
        document = self._document(index, option.rect.width())  # type: ignore[attr-defined]
        context = QAbstractTextDocumentLayout.PaintContext()
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        role = QPalette.ColorRole.HighlightedText if is_selected else QPalette.ColorRole.Text
        context.palette.setColor(QPalette.ColorRole.Text, option.palette.color(role))  # type: ignore[attr-defined]
        painter.save()
        painter.translate(option.rect.topLeft())  # type: ignore[attr-defined]
        document.documentLayout().draw(painter, context)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        view = self.parent()
        assert isinstance(view, QListView)
        width = view.viewport().width()
        return QSize(width, round(self._document(index, width).size().height()))

    def _document(self, index: QModelIndex | QPersistentModelIndex, width: int) -> QTextDocument:
        view = self.parent()
        assert isinstance(view, QListView)
        document = QTextDocument()
        document.setDefaultFont(view.font())
        document.setDocumentMargin(MARGIN)
        document.setHtml(str(index.data(RICH_TEXT_ROLE)))
        document.setTextWidth(width)
        return document
