"""How accurate the network was at each sparsity, right after pruning and after fine-tuning (Kharitonov 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from PySide6.QtCore import QPointF

from engine.contract.evidence import Evidence
from engine.language.speech import mark, tr
from engine.steps.magnitude_pruning.evidence import PruningRounds
from ui.dashboard.evidence_plots import EvidencePlots
from ui.dashboard.plot import Plot, PlotTable

X_AXIS = mark("zeros among the pruned kernels' values (fraction)")
Y_AXIS = mark("validation accuracy (fraction)")
TUNED, PRUNED = mark("after fine-tuning"), mark("right after pruning")


class PruningPanel(EvidencePlots[PruningRounds]):
    """A curve over sparsity for each stage that prunes by rounds."""

    key: ClassVar[str] = "pruning_rounds"
    tab: ClassVar[str] = mark("Pruning rounds")
    place: ClassVar[int] = 20
    evidence: ClassVar[type[Evidence]] = PruningRounds
    name: ClassVar[str] = "dashboard.pruning"

    def plots(self) -> Sequence[Plot]:
        self.plot = Plot("dashboard.pruning", tr(X_AXIS), tr(Y_AXIS))
        self.plot.described, self.plot.tabled = self._described, self._table
        return (self.plot,)

    def points(self) -> int:
        """Rounds that are drawn."""
        return sum(len(found.rounds) for _, found in self.shown)

    def draw(self, found: PruningRounds, colour: str) -> str:
        x = [one.sparsity_fraction for one in found.rounds]
        self.line(self.plot, x, [one.validation_accuracy_after_fine_tuning for one in found.rounds], colour)
        self.line(self.plot, x, [one.validation_accuracy_after_pruning for one in found.rounds], colour, dashed=True)
        return f", {tr(TUNED)}; ■ {tr(PRUNED)}"

    def _described(self, point: QPointF) -> str:
        every = [(title, one) for title, found in self.shown for one in found.rounds]
        if not every:
            return ""
        title, near = min(every, key=lambda one: abs(one[1].sparsity_fraction - point.x()))
        return tr(
            "{title}: {sparsity_fraction:.4g} zeros\n{tuned}: "
            "{validation_accuracy_after_fine_tuning:.4f}\n{pruned}: "
            "{validation_accuracy_after_pruning:.4f}",
            title=title,
            sparsity_fraction=near.sparsity_fraction,
            tuned=tr(TUNED),
            validation_accuracy_after_fine_tuning=near.validation_accuracy_after_fine_tuning,
            pruned=tr(PRUNED),
            validation_accuracy_after_pruning=near.validation_accuracy_after_pruning,
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
