"""Which variants of which runs are compared: a tick each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from engine.comparison.compared_run import ComparedRun
from engine.comparison.run_selection import Picked, offered_variants
from engine.language.speech import tr

PICKED_ROLE = int(Qt.ItemDataRole.UserRole)
LEAST_WIDTH = 190


class VariantsTree(QTreeWidget):
    """A branch per run; ticking a run takes all of its variants."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare.variants")
        self.setAccessibleName(tr("Runs and their variants"))
        self.setHeaderHidden(True)
        self.setMinimumWidth(LEAST_WIDTH)
        self.itemChanged.connect(lambda *_: self.changed.emit())

    def show_runs(self, runs: Sequence[ComparedRun], means: bool) -> None:
        """Offer all variants; those that a run offers first are ticked.

        Args:
            means: whether chains that a run repeats are offered as their means.
        """
        with QSignalBlocker(self):
            self.clear()
            for run in runs:
                above = QTreeWidgetItem(self, [run.title])
                above.setToolTip(0, str(run.directory))
                above.setFlags(above.flags() | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsAutoTristate)
                offered = {one.name for one in run.offered}
                for variant in offered_variants(run, means):
                    item = QTreeWidgetItem(above, [variant.name])
                    ticked = (means and run.is_repeated) or variant.name in offered
                    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    item.setCheckState(0, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
                    item.setData(0, PICKED_ROLE, (run.run, variant.name))
                above.setExpanded(True)
        self.changed.emit()

    @property
    def picked(self) -> tuple[Picked, ...]:
        """Those that are ticked."""
        return tuple(
            (str(run), str(name))
            for item in self._variants()
            if item.checkState(0) is Qt.CheckState.Checked
            for run, name in (item.data(0, PICKED_ROLE),)
        )

    def _variants(self) -> Iterator[QTreeWidgetItem]:
        for place in range(self.topLevelItemCount()):
            above = self.topLevelItem(place)
            if above is not None:
                yield from filter(None, map(above.child, range(above.childCount())))
