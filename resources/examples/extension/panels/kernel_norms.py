"""A whole panel: it draws what the step `kernel_norms` has found, and appears when there is some of it."""

from __future__ import annotations

from typing import ClassVar

import pyqtgraph
from engine.steps.kernel_norms.evidence import KernelNorms
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QVBoxLayout

from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot
from ui.shown_run import ShownRun
from ui.theme import Theme


class KernelNormsPanel(Panel):
    """A bar a kernel."""

    key: ClassVar[str] = "kernel_norms"
    tab: ClassVar[str] = "Kernel norms"

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self.plot = Plot("dashboard.kernel_norms", "kernel", "norm")
        self.bars = pyqtgraph.BarGraphItem(x=[], height=[], width=0.6)
        self.plot.addItem(self.bars)
        QVBoxLayout(self).addWidget(self.plot)
        self.set_theme(theme)

    def show_state(self, state: ShownRun) -> None:
        for _, found in state.found(KernelNorms):
            norms = list(found.norms.values())
            self.bars.setOpts(x=list(range(len(norms))), height=norms)
            self.plot.show_values(True)
            self.filled.emit(True)

    def set_theme(self, theme: Theme) -> None:
        self.plot.paint(theme)
        self.bars.setOpts(brush=theme.series[0])
