"""One figure of one scheme for every layer of a network, as bars, the worst layer first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyqtgraph
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontMetrics

from engine.contract.sensitivity import LayerSensitivity, SchemeCost, Sensitivity
from engine.figures.figure_text import figure_text
from engine.language.speech import mark, number_text, tr
from ui.byte_sizes import bytes_text
from ui.dashboard.plot import Plot, PlotTable
from ui.theme import Theme

BAR_HEIGHT = 0.66
NAMES_PIXELS, NAME_MARGIN = 210, 16
AXIS_PIXELS, ROW_PIXELS = 44, 17
MIN_ROWS = 3
ROOM_FOR_FIGURES = 1.25


@dataclass(frozen=True)
class CostFigure:
    """A figure of a scheme's cost that can be drawn."""

    title: str
    axis: str
    value: Callable[[SchemeCost], float | None]
    """None: there is no difference at all."""
    less_is_worse: bool = False


COST_FIGURES = (
    CostFigure(mark("KL divergence"), mark("KL divergence of the probabilities (nats)"), lambda cost: cost.kl),
    CostFigure(mark("Accuracy drop"), mark("accuracy drop (percentage points)"), lambda cost: 100 * cost.accuracy_drop),
    CostFigure(
        mark("Output SQNR"),
        mark("SQNR of the output (dB), less is worse"),
        lambda cost: cost.sqnr_db,
        less_is_worse=True,
    ),
)


class SensitivityPlot:
    """Its bars are made once and updated as another scheme or figure is chosen."""

    def __init__(self) -> None:
        self._theme: Theme | None = None
        self._found: Sensitivity | None = None
        self._scheme, self._figure = "", COST_FIGURES[0]
        self._layers: tuple[LayerSensitivity, ...] = ()
        self.plot = Plot("dashboard.sensitivity.plot", tr(COST_FIGURES[0].axis), "", scrolls=True)
        self.plot.setMouseEnabled(True, False)
        self.plot.described, self.plot.tabled = self._described, self._table
        self.plot.on_reset = self._draw
        names = self.plot.getAxis("left")
        names.setWidth(NAMES_PIXELS)
        names.setStyle(tickLength=0)
        self._bars = pyqtgraph.BarGraphItem(x0=[], y=[], height=BAR_HEIGHT, width=[], pen=None)
        self._texts: list[pyqtgraph.TextItem] = []
        self.plot.addItem(self._bars)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of those that are drawn, from top to bottom."""
        return tuple(layer.layer for layer in self._layers)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.paint(theme)
        self._draw()

    def show(self, found: Sensitivity | None, scheme: str, figure: CostFigure) -> None:
        """Draw one figure of one scheme; None: nothing is known yet."""
        self._found, self._scheme, self._figure = found, scheme, figure
        measured = [layer for layer in found.layers if scheme in layer.schemes] if found else []
        self._layers = tuple(sorted(measured, key=self._badness, reverse=True))
        self.plot.show_values(bool(self._layers))
        self.plot.setLabel("bottom", tr(figure.axis))
        self.plot.setMinimumHeight(AXIS_PIXELS + ROW_PIXELS * max(len(self._layers), MIN_ROWS))
        self._draw()

    def _value(self, layer: LayerSensitivity) -> float | None:
        return self._figure.value(layer.schemes[self._scheme])

    def _badness(self, layer: LayerSensitivity) -> float:
        value = self._value(layer)
        if value is None:
            return float("-inf")
        return -value if self._figure.less_is_worse else value

    def _draw(self) -> None:
        for text in self._texts:
            text.hide()
        if self._theme is None or not self._layers:
            self._bars.setOpts(x0=[], y=[], width=[], height=BAR_HEIGHT)
            return
        values = [self._value(layer) for layer in self._layers]
        rows = [-float(place) for place in range(len(values))]
        lengths = [0.0 if value is None else value for value in values]
        colour = self._theme.series[0]
        self._bars.setOpts(x0=[0.0] * len(rows), y=rows, width=lengths, height=BAR_HEIGHT, brush=colour)
        low, high = min(0.0, *lengths), max(0.0, *lengths)
        span = (high - low) or 1.0
        while len(self._texts) < len(rows):
            self._texts.append(pyqtgraph.TextItem(anchor=(0, 0.5)))
            self.plot.addItem(self._texts[-1])
        for text, row, value, length in zip(self._texts, rows, values, lengths, strict=False):
            text.setText(_text(value), self._theme.text)
            text.setPos(max(length, 0.0) + 0.01 * span, row)
            text.show()
        metrics, middle = QFontMetrics(self.plot.font()), Qt.TextElideMode.ElideMiddle
        names = [metrics.elidedText(layer.layer, middle, NAMES_PIXELS - NAME_MARGIN) for layer in self._layers]
        self.plot.getAxis("left").setTicks([list(zip(rows, names, strict=True))])
        if not self.plot.is_zoomed:
            self.plot.setXRange(low, low + span * ROOM_FOR_FIGURES, padding=0)
        self.plot.setYRange(0.4 - max(len(rows), MIN_ROWS), 0.6, padding=0)

    def _described(self, point: QPointF) -> str:
        row = round(-point.y())
        if not 0 <= row < len(self._layers):
            return ""
        layer = self._layers[row]
        cost, (low, high) = layer.schemes[self._scheme], layer.range
        return tr(
            "{layer}, {bytes_text}\n{scheme}: KL divergence {kl:.3g} nats, accuracy drop "
            "{accuracy_drop:.2f} points, SQNR {text} dB\noutput: {low:.4g} to {high:.4g}",
            layer=layer.layer,
            bytes_text=bytes_text(layer.bytes),
            scheme=self._scheme,
            kl=cost.kl,
            accuracy_drop=100 * cost.accuracy_drop,
            text=_text(cost.sqnr_db),
            low=low,
            high=high,
        )

    def _table(self) -> PlotTable:
        header = ("layer", "bytes", "scheme", "accuracy_drop", "sqnr_db", "kl", "range_low", "range_high")
        rows = []
        for layer in self._layers:
            cost = layer.schemes[self._scheme]
            figures = (cost.accuracy_drop, "" if cost.sqnr_db is None else cost.sqnr_db, cost.kl, *layer.range)
            rows.append((layer.layer, layer.bytes, self._scheme, *figures))
        return PlotTable(header, rows)


def _text(value: float | None) -> str:
    if value is None:
        return tr("exact")
    # Divergences of healthy layers are millionths.
    return number_text(f"{value:.1e}" if 0 < abs(value) < 1e-3 else figure_text(value))
