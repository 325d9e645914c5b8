"""How accurate the network was at each sparsity, right after pruning and after fine-tuning (Kharitonov 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QPointF

from engine.contract.evidence import Evidence
from engine.steps.magnitude_pruning.evidence import PruningRounds
from ui.dashboard.evidence_plots import EvidencePlots
from ui.dashboard.plot import Plot, PlotTable

X_AXIS = "zeros among the pruned kernels' values (fraction)"
Y_AXIS = "validation accuracy (fraction)"
TUNED, PRUNED = "after fine-tuning", "right after pruning"


class PruningPanel(EvidencePlots[PruningRounds]):
    """A curve over sparsity for each stage that prunes by rounds."""

    key: ClassVar[str] = "pruning_rounds"
    tab: ClassVar[str] = "Pruning rounds"
    place: ClassVar[int] = 20
    evidence: ClassVar[type[Evidence]] = PruningRounds
    name: ClassVar[str] = "dashboard.pruning"

    def plots(self) -> Sequence[Plot]:
        self.plot = Plot("dashboard.pruning", X_AXIS, Y_AXIS)
        self.plot.described, self.plot.tabled = self._described, self._table
        return (self.plot,)

    def points(self) -> int:
        """Rounds that are drawn."""
        return sum(len(found.rounds) for _, found in self.shown)

    def draw(self, found: PruningRounds, colour: str) -> str:
        x = [one.sparsity_fraction for one in found.rounds]
        self.line(self.plot, x, [one.validation_accuracy_after_fine_tuning for one in found.rounds], colour)
        self.line(self.plot, x, [one.validation_accuracy_after_pruning for one in found.rounds], colour, dashed=True)
        return f", {TUNED}; ■ {PRUNED}"

    def _described(self, point: QPointF) -> str:
        every = [(title, one) for title, found in self.shown for one in found.rounds]
        if not every:
            return ""
        title, near = min(every, key=lambda one: abs(one[1].sparsity_fraction - point.x()))
        return (
            f"{title}: {near.sparsity_fraction:.4g} zeros\n{TUNED}: {near.validation_accuracy_after_fine_tuning:.4f}\n"
            f"{PRUNED}: {near.validation_accuracy_after_pruning:.4f}"
        )

    def _table(self) -> PlotTable:
        header = ("stage", "sparsity_fraction", "accuracy_after_pruning", "accuracy_after_fine_tuning")
        return PlotTable(
            header,
            [
                (
                    title,
                    one.sparsity_fraction,
                    one.validation_accuracy_after_pruning,
                    one.validation_accuracy_after_fine_tuning,
                )
                for title, found in self.shown
                for one in found.rounds
            ],
        )
