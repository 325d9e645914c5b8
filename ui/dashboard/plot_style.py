"""One look for all plots: the theme's colours, named axes, a quiet grid."""

from __future__ import annotations

import pyqtgraph

from ui.theme import Theme


def styled_plot(theme: Theme, x_axis: str, y_axis: str, name: str) -> pyqtgraph.PlotWidget:
    """An empty plot.

    Args:
        x_axis, y_axis: what the axis shows, with its unit.
        name: the object name.
    """
    plot = pyqtgraph.PlotWidget(background=theme.panel)
    plot.setObjectName(name)
    plot.setAccessibleName(f"{y_axis} over {x_axis}" if x_axis else y_axis)
    plot.showGrid(x=True, y=True, alpha=0.15)
    plot.setLabel("bottom", x_axis, color=theme.text)
    plot.setLabel("left", y_axis, color=theme.text)
    plot.getPlotItem().hideButtons()
    plot.setMenuEnabled(False)
    for side in ("bottom", "left"):
        axis = plot.getAxis(side)
        axis.setPen(theme.muted)
        axis.setTextPen(theme.text)
        # "3 k" for 3,000 hides the unit that the label names.
        axis.enableAutoSIPrefix(False)
    return plot
