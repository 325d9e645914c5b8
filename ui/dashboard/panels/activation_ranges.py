"""The ranges that calibrated quantisation laid its integers on: one bar per tensor, used over seen."""

from __future__ import annotations

import re
from typing import ClassVar

import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.language.speech import mark, tr
from engine.steps.post_training_quantization.evidence import CalibrationRecord, TensorRange
from ui.dashboard.panel import Panel
from ui.dashboard.plot import Plot, PlotTable
from ui.form.calm_fields import CalmComboBox
from ui.screen_fit import scrolling
from ui.shown_run import ShownRun
from ui.theme import Theme

SEEN_HEIGHT, USED_HEIGHT = 0.8, 0.4
SEEN_OPACITY = 90
NAMES_PIXELS = 290
AXIS_PIXELS, ROW_PIXELS = 60, 18
NOTHING = mark("Ranges appear here once a chain was quantised with calibration, as int8, int16x8 or mixed.")
VARIABLE = re.compile(r"/ReadVariableOp\b|/resource")
"""In names that a fused operator has from a weight that it reads."""
OUTPUT = mark("output")
METHODS = {
    "minmax": mark("from the least to the greatest value seen, as TensorFlow's converter takes them"),
    "tight_minmax": mark("from the least to the greatest value seen"),
    "percentile": mark("cut at percentile {percentile:g} at either end"),
    "mse": mark("cut where the mean square error of the integers is least"),
}


class RangesPanel(Panel):
    """One calibrated variant's ranges; another can be chosen."""

    key: ClassVar[str] = "activation_ranges"
    tab: ClassVar[str] = mark("Activation ranges")
    place: ClassVar[int] = 40

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self._records: dict[str, CalibrationRecord] = {}
        self._record: CalibrationRecord | None = None
        self._variant = CalmComboBox(objectName="dashboard.ranges.variant", accessibleName=tr("Calibrated variant"))
        self._variant.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._variant.hide()
        self._text = QLabel(tr(NOTHING), objectName="dashboard.ranges.text", wordWrap=True)
        self._text.setProperty("role", "hint")
        self.plot = Plot("dashboard.ranges", tr("value of the activation"), "", scrolls=True)
        self.plot.setMouseEnabled(True, False)
        self.plot.described = self._described
        self.plot.tabled = self._table
        self.plot.on_reset = self._draw
        # Where the bars are many, the bottom is out of sight.
        self.plot.showAxis("top")
        names = self.plot.getAxis("left")
        names.setWidth(NAMES_PIXELS)
        names.setStyle(tickLength=0)
        self._seen = pyqtgraph.BarGraphItem(x0=[], y=[], height=SEEN_HEIGHT, width=[], pen=None)
        self._used = pyqtgraph.BarGraphItem(x0=[], y=[], height=USED_HEIGHT, width=[], pen=None)
        self.plot.addItem(self._seen)
        self.plot.addItem(self._used)
        self._lay_out()
        self._variant.currentIndexChanged.connect(self._show_chosen)
        self.set_theme(theme)

    def _lay_out(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self._variant)
        above.addWidget(self._text, 1)
        self._scroll = QScrollArea(widgetResizable=True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(self.plot)
        self._scroll.hide()
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(above)
        layout.addWidget(self._scroll, 1)
        layout.addStretch()
        QVBoxLayout(self).addWidget(scrolling(inside))

    def bars(self) -> int:
        """Tensors that are drawn."""
        return len(self._record.ranges) if self._record else 0

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.plot.paint(theme)
        self._draw()

    def show_state(self, state: ShownRun) -> None:
        """Offer the variants that were calibrated; the first is shown until another is chosen."""
        for name, variant in state.variants.items():
            found = [one.document for one in variant.evidence if one.kind == CalibrationRecord.key]
            if found and name not in self._records:
                self._records[name] = CalibrationRecord.model_validate(found[-1])
                self._variant.addItem(name)
                self.filled.emit(True)
        self._variant.setVisible(bool(self._records))

    def _show_chosen(self) -> None:
        self._record = self._records[self._variant.currentText()]
        self._text.setText(_summary(self._record))
        self._scroll.show()
        self._draw()

    def _draw(self) -> None:
        if self._record is None:
            return
        ranges = self._record.ranges
        rows = [-float(place) for place in range(len(ranges))]
        seen = QColor(self._theme.muted)
        seen.setAlpha(SEEN_OPACITY)
        self._seen.setOpts(
            x0=[one.seen_least for one in ranges],
            width=[one.seen_greatest - one.seen_least for one in ranges],
            y=rows,
            height=SEEN_HEIGHT,
            brush=seen,
        )
        self._used.setOpts(
            x0=[one.least for one in ranges],
            width=[one.greatest - one.least for one in ranges],
            y=rows,
            height=USED_HEIGHT,
            brush=QColor(self._theme.series[0]),
        )
        metrics = QFontMetrics(self.plot.font())
        names = [
            metrics.elidedText(_short(one.tensor), Qt.TextElideMode.ElideMiddle, NAMES_PIXELS - 16) for one in ranges
        ]
        self.plot.getAxis("left").setTicks([list(zip(rows, names, strict=True))])
        self.plot.setMinimumHeight(AXIS_PIXELS + ROW_PIXELS * len(ranges))
        self.plot.setYRange(0.6 - len(ranges), 0.6, padding=0)
        ends = [value for one in ranges for value in (one.seen_least, one.seen_greatest, one.least, one.greatest)]
        self.plot.setXRange(min(ends), max(ends), padding=0.02)
        self.plot.show_values(True)

    def _described(self, point: QPointF) -> str:
        row = round(-point.y())
        if self._record is None or not 0 <= row < len(self._record.ranges):
            return ""
        one = self._record.ranges[row]
        return tr(
            "{short}\nseen: {seen_least:.4g} to {seen_greatest:.4g}\ncovered: {least:.4g} to {greatest:.4g}",
            short=_short(one.tensor),
            seen_least=one.seen_least,
            seen_greatest=one.seen_greatest,
            least=one.least,
            greatest=one.greatest,
        )

    def _table(self) -> PlotTable:
        ranges = self._record.ranges if self._record else ()
        return PlotTable(
            ("tensor", "seen_least", "seen_greatest", "least", "greatest"),
            [(one.tensor, one.seen_least, one.seen_greatest, one.least, one.greatest) for one in ranges],
        )


def _short(tensor: str) -> str:
    """The last layer of a fused operator's name, such as "stage4_block2_relu" of "model/a/Conv2D;model/b/Relu"."""
    if "/" not in tensor:
        whole_name = tensor.partition(":")[0]
        return tr(OUTPUT if whole_name.endswith("PartitionedCall") else whole_name.removeprefix("serving_default_"))
    operators = [name for name in tensor.split(";") if not VARIABLE.search(name)] or [tensor]
    parts = [part for part in operators[-1].split("/") if part]
    return parts[-2] if len(parts) > 1 else parts[-1]


def _summary(record: CalibrationRecord) -> str:
    """How the ranges were taken, and which tensor has the coarsest steps and the most cut off."""
    how = tr(METHODS.get(record.method, record.method), percentile=record.percentile or 0)
    widest = max(record.ranges, key=_span)
    parts = [
        tr(
            "{count} activations over {images} calibration images, {how}.",
            count=len(record.ranges),
            images=record.images,
            how=how,
        ),
        tr("Pale: range of values seen. Dark: range that the integers cover."),
        tr(
            "The widest, {short}, spans {span:.3g}, so that a step of int8 is {span2:.2g}.",
            short=_short(widest.tensor),
            span=_span(widest),
            span2=_span(widest) / 255,
        ),
    ]
    cut = max(record.ranges, key=lambda one: one.clipped_fraction)
    if cut.clipped_fraction > 0:
        parts.append(
            tr(
                "The most is cut off {short}: {clipped_fraction:.0f} % of its span.",
                short=_short(cut.tensor),
                clipped_fraction=cut.clipped_fraction * 100,
            )
        )
    return " ".join(parts)


def _span(one: TensorRange) -> float:
    return one.greatest - one.least
