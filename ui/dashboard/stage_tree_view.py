"""The stage tree: each stage's status, progress and time, indented below the one that it begins from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QProgressBar, QTreeWidget, QTreeWidgetItem, QWidget

from ui.dashboard.run_state import RunState, StageProgress, StageStatus
from ui.durations import duration_text

TITLE, PROGRESS, STATUS = range(3)
PROGRESS_WIDTH = 84
STATUS_WIDTH = 124


class StageTreeView(QTreeWidget):
    """Items are made once a run; later only their texts and bars change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dashboard.stages")
        self.setAccessibleName("Stages")
        self.setHeaderLabels(["stage", "progress", "status"])
        self.setRootIsDecorated(False)
        self.setIndentation(14)
        self.setItemsExpandable(False)
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Stretch)
        for column, width in ((PROGRESS, PROGRESS_WIDTH), (STATUS, STATUS_WIDTH)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._bars: dict[str, QProgressBar] = {}

    def show_state(self, state: RunState) -> None:
        """Show where each stage is."""
        if set(self._items) != set(state.stages):
            self._build(state)
        for key, stage in state.stages.items():
            self._bars[key].setValue(round(100 * stage.done_fraction))
            text = _status_text(stage)
            if self._items[key].text(STATUS) != text:
                self._items[key].setText(STATUS, text)
                self._items[key].setToolTip(STATUS, text)

    def _build(self, state: RunState) -> None:
        self.clear()
        self._items, self._bars = {}, {}
        for key, stage in state.stages.items():
            parent = self._items.get(stage.plan.parent or "")
            item = QTreeWidgetItem(parent if parent is not None else self, [stage.plan.title])
            chains = ", ".join(stage.plan.chains)
            item.setToolTip(TITLE, f"{stage.plan.title}\nChains: {chains}" if chains else stage.plan.title)
            bar = QProgressBar(maximum=100)
            bar.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.setItemWidget(item, PROGRESS, bar)
            self._items[key], self._bars[key] = item, bar
        self.expandAll()


def _status_text(stage: StageProgress) -> str:
    if stage.status is StageStatus.RUNNING:
        left = f", {duration_text(stage.seconds_left)} left" if stage.seconds_left else ""
        return f"{stage.phase}{left}"
    if stage.status is StageStatus.WAITING:
        return f"waiting, ~{duration_text(stage.plan.estimated_seconds)}"
    return f"{stage.status}, {duration_text(stage.seconds)}" if stage.status is StageStatus.DONE else str(stage.status)
