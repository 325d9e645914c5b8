"""The base of panels that draw what steps found as lines: plots side by side, a colour per stage, a legend below."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import ClassVar, Generic, TypeVar

import pyqtgraph
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout

from engine.contract.evidence import Evidence
from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot
from ui.shown_run import ShownRun
from ui.theme import Theme

LINE_WIDTH, SYMBOL_SIZE = 2, 7

Found = TypeVar("Found", bound=Evidence)


class EvidencePlots(Panel, Generic[Found]):
    """A subclass names its kind of evidence, makes its plots, and draws what one stage found."""

    evidence: ClassVar[type[Evidence]]
    name: ClassVar[str]
    """Of the legend for a test, such as "dashboard.ranks"."""

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self.shown: tuple[tuple[str, Found], ...] = ()
        """Title of a stage and what it found."""
        self._plots = self.plots()
        # Below the plots: inside one it would lie over the curves.
        self._legend = QLabel(objectName=f"{self.name}.legend", wordWrap=True)
        side_by_side = QHBoxLayout()
        for plot in self._plots:
            side_by_side.addWidget(plot, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(side_by_side, 1)
        layout.addWidget(self._legend)
        self.set_theme(theme)

    def plots(self) -> Sequence[Plot]:
        """The plots, from left to right; called once."""
        raise NotImplementedError

    def draw(self, found: Found, colour: str) -> str:
        """Draw what one stage found; returns what its lines mean, which the legend tells behind the stage's title."""
        raise NotImplementedError

    def show_state(self, state: ShownRun) -> None:
        """Draw what has come."""
        found = tuple(state.found(self.evidence))
        if found != self.shown:
            self.shown = found  # type: ignore[assignment]
            self._draw()
            self.filled.emit(bool(found))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for plot in self._plots:
            plot.paint(theme)
        self._draw()

    @staticmethod
    def line(plot: Plot, x: Sequence[float], y: Sequence[float], colour: str, dashed: bool = False) -> None:
        """Discs on a solid line, or squares on a dashed one."""
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        plot.plot(
            [float(value) for value in x],
            [float(value) for value in y],
            pen=pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style),
            symbol="s" if dashed else "o",
            symbolSize=SYMBOL_SIZE,
            symbolBrush=colour,
            symbolPen=None,
        )

    def _draw(self) -> None:
        named = []
        for plot in self._plots:
            plot.clear()
            plot.show_values(bool(self.shown))
        for place, (title, found) in enumerate(self.shown):
            colour = self._theme.series[place % len(self._theme.series)]
            said = escape(f"● {title}{self.draw(found, colour)}")
            named.append(f'<span style="color:{colour}">{said}</span>')
        self._legend.setText("<br>".join(named))


def layer_numbers(layers: Sequence[object]) -> range:
    """Where layers stand on an axis, from 1."""
    return range(1, len(layers) + 1)
