"""A dot per test image: the float baseline's probability across, a variant's upwards (Garifulla 2022, figure 9)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import QComboBox, QLabel

from engine.contract.errors import NutshellError
from engine.contract.measurements import VariantMeasurement
from engine.inspection.run_images import RunImages
from engine.language.speech import mark, number_text, tr
from engine.store.prediction_file import Predictions
from ui.dashboard.image_dialog import ImageDialog
from ui.dashboard.plot import Plot, PlotTable
from ui.dashboard.prediction_panel import PredictionPanel
from ui.form.calm_fields import CalmComboBox
from ui.theme import Theme

DOT_SIZE = 7
OPACITY = 170
"""Of 255: where dots lie over each other, there are more."""
TRUE_CLASS = mark("of the true class")


class PointCloudsPanel(PredictionPanel):
    """Dots on the diagonal did not move; a click on a dot shows its image."""

    key: ClassVar[str] = "point_clouds"
    tab: ClassVar[str] = mark("Point clouds")
    place: ClassVar[int] = 55
    offers_baseline = False

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._probability = CalmComboBox(objectName="dashboard.point_clouds.class", accessibleName=tr("Probability"))
        self._probability.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.add_choice(tr("Probability"), self._probability)
        self.plot = Plot("dashboard.cloud", tr("float baseline"), tr("variant"))
        self.plot.described, self.plot.tabled = self._describe, self._table
        self._legend = QLabel(objectName="dashboard.point_clouds.legend", wordWrap=True)
        self._x = self._y = np.empty(0, dtype=np.float32)
        self._dots = pyqtgraph.ScatterPlotItem(size=DOT_SIZE, pen=None, hoverable=True)
        self._dots.sigClicked.connect(self._on_clicked)
        self.content.addWidget(self._legend)
        self.content.addWidget(self.plot, 1)
        self._probability.currentIndexChanged.connect(self._show)

    def dots(self) -> int:
        """Test images that are drawn."""
        return len(self._x)

    def show_predictions(self, predictions: Predictions, variant: VariantMeasurement, baseline: str) -> None:
        offered = [tr(TRUE_CLASS), *(tr("of {name}", name=name) for name in predictions.classes)]
        if [self._probability.itemText(place) for place in range(self._probability.count())] != offered:
            self._probability.blockSignals(True)
            self._probability.clear()
            self._probability.addItems(offered)
            self._probability.blockSignals(False)
        place, first = predictions.place(variant.name), predictions.place(baseline)
        rows = np.arange(len(predictions.labels))
        chosen = self._probability.currentIndex() - 1
        column = predictions.labels if chosen < 0 else np.full(len(rows), chosen)
        self._x = predictions.probabilities[first, rows, column]
        self._y = predictions.probabilities[place, rows, column]
        right = predictions.predicted[place] == predictions.labels
        self.plot.paint(self._theme)
        self.plot.clear()
        self.plot.show_values(True)
        pen = pyqtgraph.mkPen(self._theme.muted, style=Qt.PenStyle.DotLine)
        self.plot.plot([0, 1], [0, 1], pen=pen)
        brushes = [_brush(colour) for colour in (self._theme.error, self._theme.series[0])]
        self._dots.setData(x=self._x, y=self._y, data=rows, brush=[brushes[int(one)] for one in right], symbol="o")
        self.plot.addItem(self._dots)
        self.plot.setXRange(0, 1)
        self.plot.setYRange(0, 1)
        what = self._probability.currentText()
        self.plot.setLabel("bottom", tr("{baseline}: probability {what}", baseline=baseline, what=what))
        self.plot.setLabel("left", tr("{name}: probability {what}", name=variant.name, what=what))
        distance = float(np.abs(self._x - self._y).mean())
        self._legend.setText(
            tr(
                '<span style="color:{right_colour}">●</span> right {right:,}&nbsp; '
                '<span style="color:{wrong_colour}">●</span> wrong {wrong:,}&nbsp; '
                "mean distance from the diagonal {distance:.4f}. A click on a dot shows its image.",
                right_colour=self._theme.series[0],
                right=int(right.sum()),
                wrong_colour=self._theme.error,
                wrong=int((~right).sum()),
                distance=distance,
            )
        )

    def _describe(self, point: QPointF) -> str:
        if self.predictions is None or not len(self._x):
            return ""
        distance = np.hypot(self._x - point.x(), self._y - point.y())
        nearest = int(distance.argmin())
        if distance[nearest] > 0.03:
            return ""
        return f"{self.predictions.paths[nearest]}\n{number_text(f'{self._x[nearest]:.4f} → {self._y[nearest]:.4f}')}"

    def _table(self) -> PlotTable:
        paths = self.predictions.paths if self.predictions is not None else ()
        return PlotTable(("path", "baseline", "variant"), list(zip(paths, self._x, self._y, strict=True)))

    def _on_clicked(self, _: object, points: list[pyqtgraph.SpotItem]) -> None:
        variant = self.variant
        if not len(points) or variant is None or self.predictions is None or self._directory is None:
            return
        try:
            images = RunImages.of(self._directory, variant.dataset, self._directory / variant.file, variant.seed)
        except NutshellError as error:
            self._message.say(str(error), "warning")
            return
        row = int(points[0].data())
        ImageDialog(self._directory, images, self.predictions, row, variant.name, self).open()


def _brush(colour: str) -> object:
    brush = pyqtgraph.mkColor(colour)
    brush.setAlpha(OPACITY)
    return pyqtgraph.mkBrush(brush)
