"""One figure over another for the variants of several runs, with the Pareto front."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.advice.repeated_chains import JudgedChains
from engine.comparison.comparison import BY_CLOCK, Comparison
from engine.comparison.run_differences import RunDifferences
from engine.contract.progress import Progress
from engine.figures.figure import Better, Figure, Uncertainty
from engine.figures.variant_figures import FIGURES, figures
from engine.language.speech import mark, tr
from ui.dashboard.pareto_plot import ParetoPlot
from ui.dashboard.pareto_points import ParetoPoint, best_first, pareto_points, spans_orders
from ui.figure_names import one_line
from ui.flow_layout import FlowLayout
from ui.form.calm_fields import CalmComboBox
from ui.message_bar import MessageBar
from ui.theme import Theme, current_theme
from workers.latest_call import LatestCall

UP, ACROSS = "accuracy", "size"
OF_FILES = (Uncertainty.COUNTED, Uncertainty.TIMING)
"""Figures that compare whatever images the files were tested on."""
NOT_TIMED = mark("Latencies are offered once all files are timed in turn.")
PLOT_HEIGHT = 240


@dataclass(frozen=True)
class _Drawn:
    points: tuple[ParetoPoint, ...]
    x: Figure
    y: Figure


class ComparisonPlot(QWidget):
    """Who is beaten is found beside the event loop: every pair is compared."""

    chosen = Signal(str)
    """The name of a row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._theme = current_theme()
        self._up, self._across = (
            CalmComboBox(objectName=f"compare.{name}", accessibleName=title)
            for name, title in (("up", tr("Figure upwards")), ("across", tr("Figure across")))
        )
        self._log = QCheckBox(tr("&Log scale"), objectName="compare.log")
        self.plot = ParetoPlot("compare.pareto")
        self.plot.setMinimumHeight(PLOT_HEIGHT)
        self._legend = QLabel(objectName="compare.legend", wordWrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._message = MessageBar("compare.plot_message")
        choices = QWidget()
        line = FlowLayout(choices)
        for title, field in ((tr("Upwards"), self._up), (tr("across"), self._across)):
            field.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            together = QWidget()
            row = QHBoxLayout(together)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(QLabel(title))
            row.addWidget(field)
            line.addWidget(together)
        line.addWidget(self._log)
        layout = QVBoxLayout(self)
        layout.addWidget(choices)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self._legend)
        layout.addWidget(self._message)
        self._call = LatestCall("compare-plot", self)
        self._call.succeeded.connect(self._on_compared)
        self._call.failed.connect(self._message.say)
        self.plot.chosen.connect(self.chosen)
        for choice in (self._up, self._across):
            choice.currentIndexChanged.connect(self._request)
        self._log.toggled.connect(self._request)
        self.set_theme(self._theme)

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Draw this one instead of the other; None: nothing."""
        self._comparison = comparison
        if comparison is not None:
            self._offer(comparison)
        self._request()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.paint(theme)

    def shut_down(self) -> None:
        self._call.shut_down()

    def _offer(self, comparison: Comparison) -> None:
        offered = [
            figure
            for figure in FIGURES
            if figure.better is not Better.NEITHER
            and (comparison.all_timed_together or figure.name not in BY_CLOCK)
            and sum(comparison.number(figure, row) is not None for row in comparison.rows) > 1
        ]
        for choice, usual in ((self._up, UP), (self._across, ACROSS)):
            wanted = choice.currentData() or usual
            with QSignalBlocker(choice):
                choice.clear()
                for figure in offered:
                    choice.addItem(one_line(figure), figure.name)
                places = [choice.findData(name) for name in (wanted, usual)]
                choice.setCurrentIndex(next((place for place in places if place >= 0), 0 if offered else -1))
        self._message.say("" if comparison.all_timed_together else tr(NOT_TIMED), "hint")

    def _request(self, *_: object) -> None:
        comparison, names = self._comparison, (self._across.currentData(), self._up.currentData())
        if comparison is None or None in names:
            self._call.call_off()
            x, y = figures(ACROSS, UP)
            self.plot.show_points((), x, y, False, (None, None))
            self._legend.clear()
            return
        x, y = figures(*names)
        self._call.request(lambda progress: _drawn(comparison, x, y, progress))

    def _on_compared(self, drawn: _Drawn) -> None:
        self.plot.is_zoomed = False
        self.plot.show_points(drawn.points, drawn.x, drawn.y, self._log.isChecked(), (None, None))
        self._log.setEnabled(any(spans_orders([getattr(one, axis) for one in drawn.points]) for axis in ("x", "y")))
        accent, muted = self._theme.accent, self._theme.muted
        said = [
            f'<span style="color:{accent}">●</span>&nbsp;{tr("on the front")}',
            f'<span style="color:{accent}">○</span>&nbsp;{tr("may be as good")}',
            f'<span style="color:{muted}">●</span>&nbsp;{tr("another file is really better")}',
        ]
        rows = self._comparison.rows if self._comparison else ()
        if left_out := len(rows) - len(drawn.points):
            said.append(tr("Not drawn: {left_out} without these figures", left_out=left_out))
        if len({point.group for point in drawn.points}) > 1:
            several = tr("Each front is of files with the same classes and test images; others do not compare")
            said.append(f"<b>{several}</b>")
        self._legend.setText("&nbsp;&nbsp; ".join(said))


def _drawn(comparison: Comparison, x: Figure, y: Figure, progress: Progress) -> _Drawn:
    progress.raise_if_cancelled()
    differences = RunDifferences(comparison)
    groups = [{row.name for row in group} for group in comparison.same_images_groups]
    if all(figure.uncertainty in OF_FILES for figure in (x, y)):
        groups = [set().union(*groups)]
    points: list[ParetoPoint] = []
    for number, group in enumerate(groups):
        variants = tuple(one for one in differences.variants if one.name in group)
        judged = JudgedChains.unrepeated(variants)
        points += (replace(one, group=number) for one in pareto_points(judged, x, y, differences))
    return _Drawn(best_first(points), x, y)
