"""The stages that a recipe will be computed in, with the time that each will take."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from engine.chain.estimate import DEFAULT_MACS_PER_SECOND, StageCost, Work, stage_cost, total_cost, unread_branches
from engine.contract.recipe import Recipe
from engine.datasets.source import Split
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.byte_sizes import bytes_text
from ui.durations import duration_text
from ui.tree_columns import fit_first_column
from workers.dataset_scan import ScanResult

HEADERS = (mark("stage"), mark("epochs"), mark("time"), mark("disk"), mark("memory"))
TIME_COLUMN = 2


def work_of(scanned: ScanResult, macs_per_second: float = DEFAULT_MACS_PER_SECOND) -> Work:
    """What the images mean for the time that a recipe takes."""
    train, validation, test = (scanned.images(split) for split in (Split.TRAIN, Split.VALIDATION, Split.TEST))
    return Work(train, validation, test, len(scanned.classes), macs_per_second)


class PlanView(QTreeWidget):
    """The stage tree; chains that begin alike share their first stages."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(tr("Stages that will be computed"))
        self.setHeaderLabels([tr(head) for head in HEADERS])
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.setIndentation(14)
        self._shown: tuple[Recipe, Work, StageCost] | None = None
        self._rows: list[tuple[QTreeWidgetItem, StageCost]] = []

    def mark_finished(self, finished: Sequence[bool]) -> StageCost | None:
        """Say of the stages that an earlier run has finished that they need no time.

        Returns:
            What the others cost; None where these are not the stages that are shown.
        """
        if len(finished) != len(self._rows):
            return None
        for (item, cost), there in zip(self._rows, finished, strict=True):
            item.setText(TIME_COLUMN, tr("already computed") if there else duration_text(cost.seconds))
        fit_first_column(self)
        left = [cost for (_, cost), there in zip(self._rows, finished, strict=True) if not there]
        return total_cost(left) if left else StageCost(0.0, 0, 0)

    @property
    def whole_cost(self) -> StageCost:
        """Of all stages that are shown, also of those that are there."""
        return total_cost([cost for _, cost in self._rows])

    def show_plan(self, recipe: Recipe, work: Work) -> StageCost:
        """Show the stages of a recipe without faults; returns the estimated cost of them all."""
        # Neither changes the time.
        recipe = recipe.model_copy(update={"name": "", "seed": 0})
        if self._shown is not None and self._shown[:2] == (recipe, work):
            return self._shown[2]
        self.forget()
        items: dict[str, QTreeWidgetItem] = {}
        costs = []
        for branch in unread_branches(recipe):
            for stage in branch.tree.stages:
                cost = stage_cost(branch.recipe, stage, work)
                costs.append(cost)
                figures = (duration_text(cost.seconds), bytes_text(cost.disk_bytes), bytes_text(cost.memory_bytes))
                item = QTreeWidgetItem([recognised(branch.title(stage)), stage.epochs_text, *figures])
                for column in range(1, len(HEADERS)):
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
                item.setToolTip(
                    0,
                    tr("On the way of: {join}", join=", ".join(stage.chains))
                    if stage.chains
                    else recognised(branch.title(stage)),
                )
                if stage.parent is None:
                    self.addTopLevelItem(item)
                else:
                    items[stage.parent].addChild(item)
                items[stage.key] = item
                self._rows.append((item, cost))
        self.expandAll()
        fit_first_column(self)
        total = total_cost(costs)
        self._shown = (recipe, work, total)
        return total

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fit_first_column(self)

    def forget(self) -> None:
        """Show nothing, because there is nothing that can be computed."""
        self.clear()
        self._shown = None
        self._rows = []
