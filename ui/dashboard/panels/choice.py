"""Which file to take: one figure over another with the Pareto front, and a recommendation per goal."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, ClassVar

from PySide6.QtCore import QSettings, QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from engine.advice.accuracy_floor import AccuracyFloor
from engine.advice.recommendations import recommended, why_none
from engine.advice.repeated_chains import judged_chains
from engine.contract.measurements import VariantMeasurement
from engine.contract.repeated_results import ChainSummary
from engine.figures.figure import Figure
from engine.figures.variant_figures import figures
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.dashboard.panel import Panel
from ui.dashboard.pareto_plot import ParetoPlot
from ui.dashboard.pareto_points import offered_figures, pareto_points, spans_orders
from ui.dashboard.recommendations_list import RecommendationsList
from ui.figure_names import one_line
from ui.flow_layout import FlowLayout
from ui.form.calm_fields import CalmComboBox
from ui.form.calm_share_box import CalmShareBox
from ui.screen_fit import scrolling
from ui.shown_run import ShownRun
from ui.side_by_side import SideBySide
from ui.theme import Theme

UP, ACROSS = "accuracy", "size"
FLOORS_KEY, LOG_KEY, UP_KEY, ACROSS_KEY = "choose/floors", "choose/log", "choose/up", "choose/across"
INTERVAL = mark("95 % CI")
PLOT_HEIGHT, LIST_HEIGHT = 240, 200
LEFT_PIXELS = 400


class ChoicePanel(Panel):
    """Grows as variants finish; remembers the figures and the scale, and the floor of each run."""

    key: ClassVar[str] = "choice"
    tab: ClassVar[str] = mark("Choose")
    place: ClassVar[int] = 7

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._settings, self._theme = settings, theme
        self._variants: tuple[VariantMeasurement, ...] = ()
        self._summary: tuple[ChainSummary, ...] = ()
        self._judged = judged_chains(())
        self._closed = False
        self._run = ""
        self._up, self._across = (
            CalmComboBox(objectName=f"dashboard.choice.{name}", accessibleName=title)
            for name, title in (("up", tr("Figure upwards")), ("across", tr("Figure across")))
        )
        for choice in (self._up, self._across):
            choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._floor = CalmShareBox("dashboard.choice.floor", tr("Min. accuracy"))
        self._floor.setToolTip(
            tr("A file below it is not recommended. None: what is not measurably below the baseline.")
        )
        self._log = QCheckBox(tr("&Log scale"), objectName="dashboard.choice.log")
        self._log.setToolTip(tr("For figures whose largest value is more than ten times the smallest"))
        self._log.setChecked(str(self._remembered(LOG_KEY, False)).lower() == "true")
        self.plot = ParetoPlot("dashboard.pareto")
        self._legend = QLabel(objectName="dashboard.choice.legend", wordWrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._asked = QLabel(objectName="dashboard.choice.asked", wordWrap=True)
        self.recommended = RecommendationsList()
        self._lay_out()
        self.plot.chosen.connect(self.row_requested)
        self.recommended.chosen.connect(self.row_requested)
        self._up.currentIndexChanged.connect(self._on_chosen)
        self._across.currentIndexChanged.connect(self._on_chosen)
        self._log.toggled.connect(self._on_chosen)
        self._floor.valueChanged.connect(self._on_floor)
        self.set_theme(theme)

    def show_state(self, state: ShownRun) -> None:
        self._open_floor(state.directory.name if state.directory else "")
        variants, summary = tuple(state.variants.values()), state.result.summary if state.result else ()
        if (variants, summary, state.closed) == (self._variants, self._summary, self._closed):
            return
        self._variants, self._summary, self._closed = variants, summary, state.closed
        self._judged = judged_chains(variants, summary)
        self.filled.emit(bool(variants))
        if self.isVisible():
            self._offer_figures()
            self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        """Comparing every pair of a hundred files takes a while, so it waits until someone looks."""
        super().showEvent(event)
        self._offer_figures()
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.paint(theme)
        if self.isVisible():
            self._draw()

    def _lay_out(self) -> None:
        choices = QWidget()
        line = FlowLayout(choices)
        for title, field in (
            (tr("Upwards"), self._up),
            (tr("Across"), self._across),
            (tr("Min. accuracy"), self._floor),
        ):
            together = QWidget()
            row = QHBoxLayout(together)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(QLabel(title))
            row.addWidget(field)
            line.addWidget(together)
        line.addWidget(self._log)
        left, right = QWidget(), QWidget()
        for part, widgets in ((left, (self.plot, self._legend)), (right, (self._asked, self.recommended))):
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                column.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
        self.plot.setMinimumHeight(PLOT_HEIGHT)
        self.recommended.setMinimumHeight(LIST_HEIGHT)
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.addWidget(choices)
        lines.addWidget(SideBySide(left, right, LEFT_PIXELS, left_grows=True), 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(inside))

    def _offer_figures(self) -> None:
        offered = offered_figures(self._judged.variants)
        for choice, key, usual in ((self._up, UP_KEY, UP), (self._across, ACROSS_KEY, ACROSS)):
            if [choice.itemData(place) for place in range(choice.count())] == [figure.name for figure in offered]:
                continue
            wanted = choice.currentData() or self._remembered(key, usual)
            with QSignalBlocker(choice):
                choice.clear()
                for figure in offered:
                    choice.addItem(one_line(figure), figure.name)
                found = [choice.findData(name) for name in (wanted, usual)]
                choice.setCurrentIndex(next((place for place in found if place >= 0), 0))

    def _on_chosen(self, *_: object) -> None:
        if self._settings is not None:
            self._settings.setValue(LOG_KEY, self._log.isChecked())
            self._settings.setValue(UP_KEY, self._up.currentData())
            self._settings.setValue(ACROSS_KEY, self._across.currentData())
        self.plot.is_zoomed = False
        self._draw()

    def _open_floor(self, run: str) -> None:
        """The floor that this run was last looked at with: what one study needs says nothing of another.

        Args:
            run: the name of its folder; empty: not known yet.
        """
        if run != self._run:
            self._run = run
            with QSignalBlocker(self._floor):
                self._floor.setValue(float(self._remembered(f"{FLOORS_KEY}/{run}", 0.0)) if run else 0.0)

    def _on_floor(self, value: float) -> None:
        if self._settings is not None and self._run:
            key = f"{FLOORS_KEY}/{self._run}"
            if value:
                self._settings.setValue(key, value)
            else:
                self._settings.remove(key)
        self._on_chosen()

    def _remembered(self, key: str, usual: Any) -> Any:
        return usual if self._settings is None else self._settings.value(key, usual)

    def _draw(self) -> None:
        if not self._variants or self._across.currentData() is None:
            return
        x, y = figures(self._across.currentData(), self._up.currentData())
        points = pareto_points(self._judged, x, y)
        floor = AccuracyFloor(self._floor.value())
        across, up = (floor.least if floor.least and figure.name == UP else None for figure in (x, y))
        self.plot.show_points(points, x, y, self._log.isChecked(), (across, up))
        self._log.setEnabled(any(spans_orders([getattr(point, axis) for point in points]) for axis in ("x", "y")))
        self._legend.setText(self._legend_text(x, y, len(points)))
        self._asked.setText(self._asked_text(floor))
        self.recommended.show_recommendations(recommended(self._variants, floor, self._summary))

    def _legend_text(self, x: Figure, y: Figure, drawn: int) -> str:
        accent, muted = self._theme.accent, self._theme.muted
        said = [
            tr('<span style="color:{accent}">●</span>&nbsp;on the front', accent=accent),
            tr(
                '<span style="color:{accent}">○</span>&nbsp;may be as good: better files differ within the noise',
                accent=accent,
            ),
            tr('<span style="color:{muted}">●</span>&nbsp;another file is really better', muted=muted),
        ]
        if any(variant.diverged for variant in self._judged.variants):
            said[-1] = tr(
                '<span style="color:{muted}">●</span>&nbsp;another file is really better, or its training diverged',
                muted=muted,
            )
        if bars := _whiskers((y, x)):
            said.append(tr("Bars: {bars}", bars=bars))
        if self._judged.repetitions > 1:
            said.append(tr("Points are means of {repetitions} repetitions", repetitions=self._judged.repetitions))
        if left_out := len(self._judged.variants) - drawn:
            said.append(tr("Not drawn: {left_out} without these figures, or of other test images", left_out=left_out))
        return "&nbsp;&nbsp; ".join(said)

    def _asked_text(self, floor: AccuracyFloor) -> str:
        if none := why_none(self._variants):
            return escape(recognised(none))
        so_far = "" if self._closed else tr("So far. ")
        asked = escape(recognised(floor.words(self._judged.variants)))
        return tr("<b>Which file to take</b>, with {asked}. {so_far}A click shows the row.", asked=asked, so_far=so_far)


def _whiskers(drawn: Sequence[Figure]) -> str:
    named = {
        "accuracy": tr(INTERVAL),
        "accuracy_change": tr(INTERVAL),
        "latency": "p50–p95",
        "latency_ratio": tr(INTERVAL),
    }
    found = [
        tr("{named} of {partition}", named=named[one.name], partition=one_line(one).partition(" (")[0])
        for one in drawn
        if one.name in named
    ]
    return escape(", ".join(found))
