"""A recommendation per goal; a click, or Enter, names its file."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem

from engine.advice.recommendations import Recommendation
from engine.language.sentence_recognition import recognised
from engine.language.speech import tr
from ui.dashboard.reason_delegate import RICH_TEXT_ROLE, ReasonDelegate
from ui.list_keys import act_on_key

VARIANT_ROLE = int(Qt.ItemDataRole.UserRole)


class RecommendationsList(QListWidget):
    """Keeps the row that is selected while others come."""

    chosen = Signal(str)
    """The variant's name."""

    def __init__(self) -> None:
        super().__init__(objectName="dashboard.choice.recommended")
        self.setAccessibleName(tr("Recommended files"))
        self.setWordWrap(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAlternatingRowColors(True)
        self.setItemDelegate(ReasonDelegate(self))
        self._shown: tuple[Recommendation, ...] = ()
        self.itemClicked.connect(self._on_item)
        for key in ("Return", "Enter"):  # not shown
            act_on_key(key, self, self._on_enter)

    def show_recommendations(self, recommendations: tuple[Recommendation, ...]) -> None:
        if recommendations == self._shown:
            return
        row = self.currentRow()
        self._shown = recommendations
        self.clear()
        for one in recommendations:
            item = QListWidgetItem(f"{tr(one.goal)}: {recognised(one.reason)}")
            item.setData(VARIANT_ROLE, one.variant)
            item.setData(RICH_TEXT_ROLE, _rich(one))
            self.addItem(item)
        self.setCurrentRow(min(row, self.count() - 1))

    def _on_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(VARIANT_ROLE))

    def _on_enter(self) -> None:
        if (item := self.currentItem()) is not None:
            self._on_item(item)


def _rich(one: Recommendation) -> str:
    """The goal and the file's name in bold."""
    reason = escape(recognised(one.reason))
    name = escape(one.variant)
    return f"<b>{escape(tr(one.goal))}</b><br>{reason.replace(name, f'<b>{name}</b>', 1)}"
