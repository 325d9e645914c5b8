"""Each chain over the seeds and folds of the study: mean, deviation and interval, once the run has ended."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QVBoxLayout

from engine.contract.repeated_results import ChainSummary
from engine.figures.summary_text import summary_heads, summary_rows, summary_title
from engine.language.speech import mark, tr
from ui.dashboard.panel import Panel
from ui.recall_text import repeated_recall_lines
from ui.shown_run import ShownRun
from ui.theme import Theme

EXPLAINED = mark(
    "The interval takes in both the seeds and the test images: where all repetitions are tested on the same images, "
    "these are crossed; else it allows for training images that they share."
)


class RepetitionsPanel(Panel):
    """A table with one row per chain and image setting."""

    key: ClassVar[str] = "repetitions"
    tab: ClassVar[str] = mark("Repetitions")
    place: ClassVar[int] = 6

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._summary: tuple[ChainSummary, ...] = ()
        self.title = QLabel(objectName="repetitions.title", wordWrap=True)
        self.table = QTableWidget(0, 0, objectName="repetitions.table", tabKeyNavigation=False)
        self.table.setAccessibleName(tr("Each chain over all repetitions"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        explained = QLabel(tr(EXPLAINED), wordWrap=True)
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.table, 1)
        self.recalls = QLabel(objectName="repetitions.recalls", wordWrap=True)
        self.recalls.setTextFormat(Qt.TextFormat.PlainText)
        layout.addWidget(self.recalls)
        layout.addWidget(explained)

    def show_state(self, state: ShownRun) -> None:
        summary = state.result.summary if state.result else ()
        if summary == self._summary:
            return
        self._summary = summary
        self.filled.emit(bool(summary))
        if not summary:
            self.table.setRowCount(0)
            return
        self.title.setText(f"{summary_title(summary)}.")
        recalls = repeated_recall_lines(summary)
        self.recalls.setText("\n".join(recalls))
        self.recalls.setVisible(bool(recalls))
        rows = summary_rows(summary)
        heads = ("chain", *summary_heads(summary))
        self.table.setColumnCount(len(heads))
        self.table.setHorizontalHeaderLabels(heads)
        self.table.setRowCount(len(rows))
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.table.setItem(row, column, item)
        self.table.resizeRowsToContents()
