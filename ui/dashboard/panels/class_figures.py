"""How well a variant tells each class: confusion, rates, ROC curve, and whether its probabilities can be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import ClassVar

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.contract.measurements import ClassFigures, VariantMeasurement
from engine.language.speech import mark, number_text, tr
from engine.measurement.figures_per_class import precision_recall_curve, reliability, roc_curve
from engine.store.prediction_file import Predictions
from ui.dashboard.plot import Plot, PlotTable
from ui.dashboard.prediction_panel import PredictionPanel
from ui.dashboard.shaded_cells import ShadedCells
from ui.form.calm_fields import CalmComboBox
from ui.recall_text import RECALL_HEADS, RECALL_TITLE, recall_cells
from ui.screen_fit import scrolling
from ui.side_by_side import SideBySide
from ui.theme import Theme

ROC, PRECISION_RECALL = "ROC", mark("precision-recall")
LINE_WIDTH, SYMBOL_SIZE, STAR_SIZE = 2, 7, 14
PLOT_HEIGHT, TABLE_HEIGHT = 210, 130
RATES: tuple[tuple[str, str, Callable[[ClassFigures], float | None]], ...] = (
    (mark("precision"), mark("Right among those predicted to be of the class."), lambda one: one.precision),
    (mark("recall"), mark("Right among those of the class: the sensitivity."), lambda one: one.recall),
    (mark("specificity"), mark("Kept out among those of other classes."), lambda one: one.specificity),
    ("F1", mark("The harmonic mean of precision and recall."), lambda one: one.f1),
)


class ClassFiguresPanel(PredictionPanel):
    """Two tables beside two plots."""

    key: ClassVar[str] = "class_figures"
    tab: ClassVar[str] = mark("Per class")
    place: ClassVar[int] = 40

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._class = CalmComboBox(
            objectName="dashboard.class_figures.class", accessibleName=tr("Class of the ROC curve")
        )
        self._class.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._curve = CalmComboBox(objectName="dashboard.class_figures.curve", accessibleName=tr("Which curve"))
        self._curve.addItems([ROC, tr(PRECISION_RECALL)])
        self.add_choice(tr("Curve"), self._curve)
        self.add_choice(tr("of"), self._class)
        self._summary = QLabel(objectName="dashboard.class_figures.summary", wordWrap=True)
        self.confusion = _table(
            "dashboard.class_figures.confusion", tr("Confusion matrix: rows true, columns predicted")
        )
        self.rates = _table("dashboard.class_figures.rates", tr("Figures of each class"))
        self.recall = _table("dashboard.class_figures.recall", tr("Recall against the baseline"))
        self._recall_title = QLabel(tr(RECALL_TITLE), objectName="dashboard.class_figures.recall_title", wordWrap=True)
        self.roc = Plot("dashboard.roc", tr("false positive rate"), tr("true positive rate"), scrolls=True)
        self.calibration = Plot(
            "dashboard.calibration", tr("probability of the predicted class"), tr("share that is right"), scrolls=True
        )
        self._curves: list[tuple[str, np.ndarray, np.ndarray]] = []
        self._bins: list[tuple[str, np.ndarray, np.ndarray, np.ndarray]] = []
        self.roc.described, self.roc.tabled = self._describe_roc, self._table_roc
        self.calibration.described, self.calibration.tabled = self._describe_bins, self._table_bins
        self._legend = QLabel(objectName="dashboard.class_figures.legend", wordWrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        left, right = QWidget(), QWidget()
        tables, plots = QVBoxLayout(left), QVBoxLayout(right)
        for layout in (tables, plots):
            layout.setContentsMargins(0, 0, 0, 0)
        tables.addWidget(self._summary)
        tables.addWidget(QLabel(tr("Test images: true class in rows, predicted class in columns")))
        tables.addWidget(self.confusion, 1)
        tables.addWidget(self.rates, 1)
        tables.addWidget(self._recall_title)
        tables.addWidget(self.recall, 1)
        plots.addWidget(self._legend)
        for plot in (self.roc, self.calibration):
            plot.setMinimumHeight(PLOT_HEIGHT)
            plots.addWidget(plot, 1)
        self.content.addWidget(scrolling(SideBySide(left, right)), 1)
        self._class.currentIndexChanged.connect(self._show)
        self._curve.currentIndexChanged.connect(self._show)

    def show_predictions(self, predictions: Predictions, variant: VariantMeasurement, baseline: str) -> None:
        self._offer_classes(predictions.classes)
        self._summary.setText(_summary(variant))
        rows = [[number_text(f"{count:,}") for count in row] for row in variant.confusion]
        shades = [[count / max(sum(row), 1) for count in row] for row in variant.confusion]
        classes = list(predictions.classes)
        heads = [f"→ {name}" for name in classes]
        self.confusion.setModel(ShadedCells(heads, classes, rows, shades, self._theme, self.confusion))
        figures = variant.per_class
        self.rates.setModel(
            ShadedCells(
                [tr(name) for name, *_ in RATES] + ["AUC", tr("test images")],
                list(figures),
                [_rates_of(name, one, variant) for name, one in figures.items()],
                None,
                self._theme,
                self.rates,
                [tr(text) for _, text, _ in RATES] + [tr("Area under the ROC curve, against the rest."), ""],
            )
        )
        self._show_recall(variant)
        names = dict.fromkeys((variant.name, baseline))
        self._draw(predictions, list(names), variant)

    def _show_recall(self, variant: VariantMeasurement) -> None:
        """What it loses of the classes that the recipe's target names."""
        asked = variant.paired.recall if variant.paired else {}
        for widget in (self._recall_title, self.recall):
            widget.setVisible(bool(asked))
        cells = [list(recall_cells(name, one)[1:]) for name, one in asked.items()]
        self.recall.setModel(
            ShadedCells([tr(head) for head in RECALL_HEADS[1:]], list(asked), cells, None, self._theme, self.recall)
        )

    def _offer_classes(self, classes: Sequence[str]) -> None:
        if [self._class.itemText(place) for place in range(self._class.count())] != list(classes):
            self._class.blockSignals(True)
            self._class.clear()
            self._class.addItems(list(classes))
            # Of two, the second is the one that is looked for.
            self._class.setCurrentIndex(1 if len(classes) == 2 else 0)
            self._class.blockSignals(False)

    def _draw(self, predictions: Predictions, names: list[str], variant: VariantMeasurement) -> None:
        positive = predictions.labels == self._class.currentIndex()
        self._curves, self._bins = [], []
        for name in names:
            place = predictions.place(name)
            probabilities = predictions.probabilities[place]
            scores = probabilities[:, self._class.currentIndex()]
            if self._curve.currentText() == ROC:
                x, y, _ = roc_curve(positive, scores)
            else:
                y, x = precision_recall_curve(positive, scores)
            self._curves.append((name, x, y))
            self._bins.append((name, *reliability(predictions.labels, predictions.predicted[place], probabilities)))
        said = []
        for side, text in zip(("bottom", "left"), self._axes, strict=True):
            self.roc.setLabel(side, tr(text))
        for plot in (self.roc, self.calibration):
            plot.paint(self._theme)
            plot.clear()
            plot.show_values(True)
            chance = float(positive.mean())
            # What guessing would give.
            ends = [0, 1] if plot is self.calibration or self._curve.currentText() == ROC else [chance, chance]
            plot.plot([0, 1], ends, pen=pyqtgraph.mkPen(self._theme.muted, style=Qt.PenStyle.DotLine))
            plot.setXRange(0, 1)
            plot.setYRange(0, 1)
        for number, (name, x, y) in enumerate(self._curves):
            colour = self._theme.series[number]
            style = Qt.PenStyle.DashLine if number else Qt.PenStyle.SolidLine
            pen = pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style)
            self.roc.plot(x, y, pen=pen)
            _, mean, share, images = self._bins[number]
            there = images > 0
            dots = {"symbol": "s" if number else "o", "symbolSize": SYMBOL_SIZE, "symbolBrush": colour}
            self.calibration.plot(mean[there], share[there], pen=pen, symbolPen=None, **dots)
            said.append(f'<span style="color:{colour}">{"– –" if number else "●"} </span>{escape(name)}')
        star = self._theme.accent
        if (chosen := self._at_threshold(variant, predictions)) is not None:
            self.roc.plot(*chosen, pen=None, symbol="star", symbolSize=STAR_SIZE, symbolBrush=star, symbolPen=None)
            said.append(tr('<span style="color:{star}">★</span> at the threshold', star=star))
        curve = tr("ROC curve") if self._curve.currentText() == ROC else tr("Precision-recall curve")
        title = tr("<b>{curve} of {escape}</b>, and calibration", curve=curve, escape=escape(self._class.currentText()))
        self._legend.setText("&nbsp; ".join([title, *said]))

    @property
    def _axes(self) -> tuple[str, str]:
        """What the curve's plot shows across and upwards, in English."""
        if self._curve.currentText() == ROC:
            return mark("false positive rate"), mark("true positive rate")
        return mark("recall"), mark("precision")

    def _at_threshold(
        self, variant: VariantMeasurement, predictions: Predictions
    ) -> tuple[list[float], list[float]] | None:
        """Where the decision threshold lies on the curve that is drawn; None: it is of the other class."""
        one = variant.threshold
        if one is None or one.sensitivity is None or one.specificity is None:
            return None
        if self._class.currentText() != one.positive:
            return None
        if self._curve.currentText() == ROC:
            return [1 - one.specificity], [one.sensitivity]
        found = predictions.probabilities[predictions.place(variant.name), :, 1] >= one.value
        right = predictions.labels[found] == 1
        return ([one.sensitivity], [float(right.mean())]) if len(right) else None

    def _describe_roc(self, point: QPointF) -> str:
        across, upwards = map(tr, self._axes)
        lines = [
            tr(
                "{name}: {interp:.3f} {upwards} at {x:.3f} {across}",
                name=name,
                interp=np.interp(point.x(), x, y),
                upwards=upwards,
                x=point.x(),
                across=across,
            )
            for name, x, y in self._curves
        ]
        return "\n".join(lines) if 0 <= point.x() <= 1 else ""

    def _describe_bins(self, point: QPointF) -> str:
        place = int(np.clip(np.ceil(point.x() * len(self._bins[0][1])) - 1, 0, None)) if self._bins else 0
        lines = [
            tr(
                "{name}: {share:.3f} right of {images:,} images, which it is {mean:.3f} sure of",
                name=name,
                share=share[place],
                images=images[place],
                mean=mean[place],
            )
            for name, mean, share, images in self._bins
            if place < len(images) and images[place]
        ]
        return "\n".join(lines)

    def _table_roc(self) -> PlotTable:
        rows = [(name, *point) for name, x, y in self._curves for point in zip(x, y, strict=True)]
        return PlotTable(("variant", *(axis.replace(" ", "_") for axis in self._axes)), rows)

    def _table_bins(self) -> PlotTable:
        rows = [
            row for name, *columns in self._bins for row in ((name, *values) for values in zip(*columns, strict=True))
        ]
        return PlotTable(("variant", "mean_probability", "share_right", "images"), rows)


def _table(name: str, described: str) -> QTableView:
    table = QTableView(objectName=name, accessibleName=described, tabKeyNavigation=False)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setMinimumHeight(TABLE_HEIGHT)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    return table


def _rates_of(name: str, one: ClassFigures, variant: VariantMeasurement) -> list[str]:
    area = variant.auc.per_class.get(name) if variant.auc else None
    return [*(_text(read(one)) for _, _, read in RATES), _text(area), number_text(f"{one.support:,}")]


def _summary(variant: VariantMeasurement) -> str:
    figures = {
        tr("Balanced accuracy"): variant.balanced_accuracy,
        tr("macro F1"): variant.macro_f1,
        "MCC": variant.mcc,
        "AUC": variant.auc.macro if variant.auc else None,
        tr("calibration error"): variant.ece,
        tr("log loss"): variant.log_loss,
    }
    text = ", ".join(f"{name} {_text(value)}" for name, value in figures.items()) + "."
    if (one := variant.threshold) is not None:
        how = (
            tr("for a sensitivity of {wanted_sensitivity:g}", wanted_sensitivity=one.wanted_sensitivity)
            if one.wanted_sensitivity
            else tr("by Youden's index")
        )
        text += tr(
            ' Decision threshold for "{positive}": {value:.3f}, chosen {how} on '
            "{validation_images:,} validation images; on the test images sensitivity {text}, "
            "specificity {text2}. The table and all other figures decide for the larger probability.",
            positive=one.positive,
            value=one.value,
            how=how,
            validation_images=one.validation_images,
            text=_text(one.sensitivity),
            text2=_text(one.specificity),
        )
    return text


def _text(value: float | None) -> str:
    return "–" if value is None else number_text(f"{value:.3f}")
