"""One look for all plots: the theme's colours, named axes, a quiet grid."""

from __future__ import annotations

import pyqtgraph

from ui.theme import Theme

GRID_OPACITY = 0.15
LABEL_POINTS = "9pt"


class WholeNumberAxis(pyqtgraph.AxisItem):
    """Has no ticks between whole numbers, such as half an epoch."""

    def tickSpacing(self, low: float, high: float, pixels: float) -> list[tuple[float, float]]:
        spacings = super().tickSpacing(low, high, pixels)
        return [spacing for spacing in spacings if float(spacing[0]).is_integer()] or [(1.0, 0.0)]


def empty_plot(name: str, x_axis: str, y_axis: str, counts: bool = False) -> pyqtgraph.PlotWidget:
    """A plot without data; `paint_plot` gives it its colours.

    Args:
        name: the object name.
        x_axis, y_axis: what the axis shows, with its unit; an empty one is not named.
        counts: whether the x axis counts something.
    """
    plot = pyqtgraph.PlotWidget(axisItems={"bottom": WholeNumberAxis("bottom")} if counts else None)
    plot.setObjectName(name)
    plot.setAccessibleName(f"{y_axis} over {x_axis}" if y_axis else x_axis)
    plot.showGrid(x=True, y=True, alpha=GRID_OPACITY)
    plot.setLabel("bottom", x_axis)
    plot.setLabel("left", y_axis)
    plot.getPlotItem().hideButtons()
    plot.setMenuEnabled(False)
    for side in ("bottom", "left"):
        # "3 k" for 3,000 hides the unit that the label names.
        plot.getAxis(side).enableAutoSIPrefix(False)
    return plot


def paint_plot(plot: pyqtgraph.PlotWidget, theme: Theme) -> None:
    """Give a plot's background and axes the colours of a theme."""
    plot.setBackground(theme.panel)
    for side in ("bottom", "left"):
        axis = plot.getAxis(side)
        axis.setPen(theme.muted)
        axis.setTextPen(theme.text)
        axis.setLabel(axis.labelText, color=theme.text, **{"font-size": LABEL_POINTS})
