"""The table of variants, and the files that leave the app."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QVBoxLayout

from engine.language.speech import mark
from ui.dashboard.panel import Panel
from ui.results.results_table import ResultsTable
from ui.screen_fit import scrolling
from ui.shown_run import ShownRun
from ui.theme import Theme

COLUMNS_KEY = "results/columns"


class ResultsPanel(Panel):
    """Remembers the columns that the user has chosen."""

    key: ClassVar[str] = "results"
    tab: ClassVar[str] = mark("Table and files")
    place: ClassVar[int] = 5
    is_always_there: ClassVar[bool] = True

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self.table = ResultsTable()
        self.table.try_requested.connect(self.try_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(self.table))
        if settings is not None:
            if columns := settings.value(COLUMNS_KEY):
                self.table.choose_columns(columns)
            self.table.columns_chosen.connect(lambda titles: settings.setValue(COLUMNS_KEY, titles))

    def show_state(self, state: ShownRun) -> None:
        self.table.show_state(state)
