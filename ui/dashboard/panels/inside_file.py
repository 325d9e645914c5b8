"""Inside a shipped file, beside its float baseline: where both look, layers, weights, errors and bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import numpy as np
import pyqtgraph
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.measurements import VariantMeasurement
from engine.inspection.feature_maps import FeatureMaps
from engine.inspection.moved_maps import MovedMaps
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, number_text, tr
from engine.store.prediction_file import Predictions
from ui.array_pictures import DIFFERENCES, VALUES, grid_picture
from ui.byte_sizes import bytes_text
from ui.dashboard.maps_view import Captioned, MapsView
from ui.dashboard.plot import Plot, PlotTable
from ui.dashboard.prediction_panel import PredictionPanel
from ui.flow_layout import FlowLayout
from ui.form.calm_fields import CalmComboBox, CalmSpinBox
from ui.scan_progress import ScanProgress
from ui.screen_fit import scrolling
from ui.theme import Theme
from workers.file_inspection import FileInspector, LayerLook, LayersFound
from workers.latest_call import LatestCall

MOST_CHANNELS, COLUMNS, CELL_PIXELS = 16, 4, 48
LINE_WIDTH = 2
MOST_MOVED = 200
LEAST_TABLE_HEIGHT = 160
RANKED_HINT = mark("Ranking lists the test images whose map moved farthest although the class stayed.")
KINDS = {
    "CONV_2D": mark("convolution"),
    "DEPTHWISE_CONV_2D": mark("depthwise convolution"),
    "TRANSPOSE_CONV": mark("transposed convolution"),
    "FULLY_CONNECTED": mark("dense"),
    "layer": mark("layer"),
    "constants": mark("constants of other operators"),
    "graph": mark("operators and names"),
    "metadata": mark("description of the file"),
}
"""What the file calls a layer or part → what the field does."""
PARTS = (mark("other constants"), mark("operators, names and scales"), mark("metadata"))
"""What the layout calls what is no layer's."""
ERROR_HEADS = (
    mark("layer"),
    mark("kind"),
    mark("output SQNR (dB)"),
    mark("weight SQNR (dB)"),
    mark("bytes"),
    mark("zipped"),
)


class InsideFilePanel(PredictionPanel):
    """Four pages over one image; read from the files that ship, in a thread."""

    key: ClassVar[str] = "inside_file"
    tab: ClassVar[str] = mark("Inside the file")
    place: ClassVar[int] = 60
    offers_baseline = False

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._inspector: FileInspector | None = None
        self._layer_inspector: FileInspector | None = None
        """Another, for the thread that reads layers."""
        self._found: LayersFound | None = None
        self._found_of = ""
        self._weights: LayerLook | None = None
        self._number = CalmSpinBox(objectName="dashboard.inside_file.image", accessibleName=tr("Test image"), minimum=1)
        self._number.setKeyboardTracking(False)
        self._layer = CalmComboBox(objectName="dashboard.inside_file.layer", accessibleName=tr("Layer"))
        self._layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._of = QLabel()
        self.add_choice(tr("Test image"), self._number, self._of)
        self.add_choice(tr("Layer"), self._layer)
        self.maps = MapsView("dashboard.inside_file.maps")
        heads = (mark("moved"), mark("class"), mark("image"))
        self._moved = _table("dashboard.inside_file.moved", tr("Images by how far the map moved"), heads)
        self._rank = ScanProgress(
            "dashboard.inside_file", tr("Rank test &images"), tr("Compare the maps of the test images.")
        )
        self._ranked = QLabel(tr(RANKED_HINT), wordWrap=True)
        self._ranked.setProperty("role", "hint")
        self._pages = QTabWidget(objectName="dashboard.inside_file.pages")
        self._features = _Pictures("dashboard.inside_file.features")
        self._filters = _Pictures("dashboard.inside_file.filters")
        self.histogram = Plot("dashboard.weights", tr("weight"), tr("how many (log)"))
        self.histogram.setLogMode(y=True)
        self.histogram.described, self.histogram.tabled = self._describe, self._table_of_weights
        self._histogram_legend = QLabel()
        self.errors = _table("dashboard.inside_file.errors", tr("Errors and bytes of each layer"), ERROR_HEADS)
        self._said = QLabel(objectName="dashboard.inside_file.said", wordWrap=True)
        self._lay_out()
        self._reading = self._thread("inside-layer", self._on_layer)
        self._counting = self._thread("inside-layers", self._on_layers)
        self._ranking = self._thread("inside-moved", self._on_moved)
        self._ranking.failed.connect(lambda _: self._rank.end())
        self._ranking.progressed.connect(self._rank.show_progress)
        self._rank.again_requested.connect(self._on_rank)
        self._rank.stop_requested.connect(self._on_stop)
        self._number.valueChanged.connect(self._look)
        self._layer.currentIndexChanged.connect(self._read_layer)
        self._moved.itemSelectionChanged.connect(self._on_moved_chosen)

    def shut_down(self) -> None:
        super().shut_down()
        for one in (self.maps, self._reading, self._counting, self._ranking):
            one.shut_down()

    def show_predictions(self, predictions: Predictions, variant: VariantMeasurement, baseline: str) -> None:
        self._draw_weights()
        self._look_into(variant)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _look_into(self, variant: VariantMeasurement) -> None:
        """Begin to read the files of a variant; not while nobody sees it: another stage may be training."""
        if self._directory is None or self.predictions is None or not self.isVisible():
            return
        if self._found_of != variant.name:
            # Each thread has files of its own: an interpreter is for one.
            self._found, self._found_of = None, variant.name
            self._moved.setRowCount(0)
            self._ranked.setText(tr(RANKED_HINT))
            self._number.setMaximum(len(self.predictions.paths))
            self._of.setText(tr("of {count:,}", count=len(self.predictions.paths)))
            self._message.say("")
            self._counting.request(partial(FileInspector(self._directory).layers, variant.name))
            self._look()

    def _lay_out(self) -> None:
        where = QWidget()
        above = QVBoxLayout(where)
        above.addWidget(self.maps)
        above.addWidget(self._rank)
        above.addWidget(self._ranked)
        above.addWidget(self._moved, 1)
        weights = QWidget()
        inner = QVBoxLayout(weights)
        inner.addWidget(self._histogram_legend)
        inner.addWidget(self.histogram, 1)
        errors = QWidget()
        self.errors.setMinimumHeight(LEAST_TABLE_HEIGHT)
        layout = QVBoxLayout(errors)
        layout.addWidget(self._said)
        layout.addWidget(self.errors, 1)
        for page, title in (
            (scrolling(where), tr("Where it looks")),
            (scrolling(self._features), tr("Feature maps")),
            (scrolling(self._filters), tr("Filters")),
            (weights, tr("Weights")),
            (scrolling(errors), tr("Errors and bytes")),
        ):
            self._pages.addTab(page, title)
        self.content.addWidget(self._pages, 1)

    def _thread(self, name: str, done: object) -> LatestCall:
        call = LatestCall(name, self)
        call.succeeded.connect(done)  # type: ignore[arg-type]
        call.failed.connect(lambda sentence: self._message.say(sentence, "warning"))
        return call

    @property
    def _path(self) -> str:
        assert self.predictions is not None
        return self.predictions.paths[self._number.value() - 1]

    def _look(self, *_: object) -> None:
        if self.predictions is None or self._directory is None or self.variant is None:
            return
        if self._inspector is None:
            self._inspector = FileInspector(self._directory)
        self.maps.look(self._inspector, self.variant.name, self._path)
        self._read_layer()

    def _read_layer(self, *_: object) -> None:
        if self._found is None or self.variant is None or self._directory is None or self._layer.currentIndex() < 0:
            return
        if self._layer_inspector is None:
            self._layer_inspector = FileInspector(self._directory)
        chosen = (self.variant.name, self._path, self._layer.currentIndex())
        self._reading.request(partial(self._layer_inspector.layer, *chosen))

    def _on_layers(self, found: LayersFound) -> None:
        self._found = found
        self._layer.blockSignals(True)
        chosen = self._layer.currentText()
        self._layer.clear()
        self._layer.addItems([f"{place}. {name}" for place, name in enumerate(found.names, start=1)])
        self._layer.setCurrentIndex(max(self._layer.findText(chosen), 0 if found.names else -1))
        self._layer.blockSignals(False)
        self._show_errors(found)
        self._read_layer()

    def _on_layer(self, look: LayerLook) -> None:
        self._weights = look
        self._show_features(look.features)
        filters = look.filters
        # Of many input channels that with the most energy, as the printed figures have it.
        energy = (filters.baseline.astype(np.float64) ** 2).sum(axis=(0, 1, 2))
        channel = int(energy.argmax())
        first, second = (
            one[:MOST_CHANNELS, :, :, min(channel, one.shape[3] - 1)] for one in (filters.baseline, filters.other)
        )
        change = None if filters.difference is None else filters.difference[:MOST_CHANNELS, :, :, channel]
        of = (
            tr(
                ", input channel {channel} of {count}, which has the most energy",
                channel=channel + 1,
                count=len(energy),
            )
            if len(energy) > 1
            else ""
        )
        count = tr("{count} of {count2} filters{of}", count=len(first), count2=len(filters.baseline), of=of)
        most = max(float(np.abs(one).max(initial=0)) for one in (first, second)) or 1.0
        self._filters.show(first, second, change, (-most, most), count, DIFFERENCES)
        self._draw_weights()

    def _show_features(self, features: FeatureMaps | None) -> None:
        if features is None:
            self._features.clear(tr("The image cannot be read, so there are no feature maps of it."))
            return
        first, second = (np.moveaxis(one, 2, 0)[:MOST_CHANNELS] for one in (features.baseline, features.other))
        difference = features.difference
        moved = None if difference is None else np.moveaxis(difference, 2, 0)[:MOST_CHANNELS]
        count = tr("{count} of {shape} feature maps", count=len(first), shape=features.baseline.shape[2])
        self._features.show(first, second, moved, features.scale, count)

    def _draw_weights(self) -> None:
        self.histogram.paint(self._theme)
        self.histogram.clear()
        self.histogram.show_values(self._weights is not None)
        if self._weights is None:
            return
        weights = self._weights.weights
        said = []
        for number, (name, counts) in enumerate(((tr("float"), weights.baseline), (tr("compressed"), weights.other))):
            colour = self._theme.series[number]
            style = Qt.PenStyle.DashLine if number else Qt.PenStyle.SolidLine
            pen = pyqtgraph.mkPen(colour, width=LINE_WIDTH, style=style)
            # Of a logarithm, an empty bin has none.
            self.histogram.plot(weights.edges, np.maximum(counts, 0.5), stepMode="center", pen=pen)
            said.append(f'<span style="color:{colour}">{"– –" if number else "—"}</span> {name}')
        self._histogram_legend.setText(f"<b>{weights.pair.baseline.name}</b>&nbsp; {'&nbsp; '.join(said)}")

    def _show_errors(self, found: LayersFound) -> None:
        layout = {part.name: part for part in found.layout if part.kind == "layer"}
        rows: list[tuple[str, ...]] = []
        for error in found.errors:
            part = layout.get(f"{error.pair.other.number} {error.pair.other.name}")
            sizes = (bytes_text(part.raw_bytes), bytes_text(part.zipped_bytes)) if part else ("–", "–")
            decibels = (_decibels(error.output_sqnr_db), _decibels(error.weight_sqnr_db))
            rows.append(
                (
                    error.pair.baseline.name,
                    tr(KINDS.get(error.pair.baseline.kind, error.pair.baseline.kind)),
                    *decibels,
                    *sizes,
                )
            )
        rows += [
            (
                tr(part.name),
                tr(KINDS[part.kind]),
                "",
                "",
                bytes_text(part.raw_bytes),
                bytes_text(part.zipped_bytes),
            )
            for part in found.layout
            if part.kind != "layer" or not found.errors
        ]
        _fill(self.errors, rows)
        total = sum(part.raw_bytes for part in found.layout), sum(part.zipped_bytes for part in found.layout)
        self._said.setText(
            tr(
                "The layers that err most come first. SQNR: the signal over the error, 10 · log₁₀(Σx² / "
                "Σ(x − y)²), over test images; 20 dB is an error of a tenth. The file is {bytes_text}, "
                "zipped {bytes_text2}. {said}",
                bytes_text=bytes_text(total[0]),
                bytes_text2=bytes_text(total[1]),
                said=recognised(found.said),
            ).strip()
        )

    def _on_rank(self) -> None:
        if self.variant is not None and self._directory is not None:
            self._rank.begin()
            self._ranking.request(partial(FileInspector(self._directory).moved, self.variant.name))

    def _on_stop(self) -> None:
        self._ranking.call_off()
        self._rank.end()

    def _on_moved(self, moved: MovedMaps) -> None:
        self._rank.end()
        assert self.predictions is not None
        rows = [
            (
                "–" if one.distance is None else number_text(f"{one.distance:.3f}"),
                self.predictions.classes[one.decided] + ("" if one.stayed else tr(" (changed)")),
                one.path,
            )
            for one in moved.ranked[:MOST_MOVED]
        ]
        _fill(self._moved, rows)
        if moved.mean_distance is not None:
            self._ranked.setText(
                tr(
                    "Of {count:,} test images, {count2:,} kept their class; on average {mean_distance:.3f} "
                    "of what speaks for it lies elsewhere. A click on a line shows its image.",
                    count=len(moved.ranked),
                    count2=len(moved.stayed),
                    mean_distance=moved.mean_distance,
                )
            )

    def _on_moved_chosen(self) -> None:
        row = self._moved.currentRow()
        item = self._moved.item(row, 2) if row >= 0 else None
        if item is not None and self.predictions is not None and item.text() in self.predictions.paths:
            self._number.setValue(self.predictions.paths.index(item.text()) + 1)

    def _describe(self, point: QPointF) -> str:
        if self._weights is None:
            return ""
        weights = self._weights.weights
        place = int(np.searchsorted(weights.edges, point.x())) - 1
        if not 0 <= place < len(weights.baseline):
            return ""
        between = tr("{edges:.4g} to {edges2:.4g}", edges=weights.edges[place], edges2=weights.edges[place + 1])
        return tr(
            "{between}\nfloat: {baseline:,}\ncompressed: {other:,}",
            between=between,
            baseline=weights.baseline[place],
            other=weights.other[place],
        )

    def _table_of_weights(self) -> PlotTable:
        if self._weights is None:
            return PlotTable((), ())
        one = self._weights.weights
        rows = list(zip(one.edges[:-1], one.edges[1:], one.baseline, one.other, strict=True))
        return PlotTable(("from", "to", "float", "compressed"), rows)


class _Pictures(QWidget):
    """A grid of planes for the baseline, the variant, and what changed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._count = QLabel(wordWrap=True)
        self._pictures = [QLabel(objectName=f"{name}.{part}") for part in ("baseline", "variant", "difference")]
        self._texts = [QLabel() for _ in self._pictures]
        pictures = QWidget()
        flow = FlowLayout(pictures)
        for text, picture in zip(self._texts, self._pictures, strict=True):
            flow.addWidget(Captioned(text, picture))
        layout = QVBoxLayout(self)
        layout.addWidget(self._count)
        layout.addWidget(pictures)
        layout.addStretch()

    def clear(self, sentence: str) -> None:
        """Show a sentence in place of pictures."""
        self._count.setText(sentence)
        for label in (*self._texts, *self._pictures):
            label.clear()

    def show(  # type: ignore[override]
        self,
        first: np.ndarray,
        second: np.ndarray,
        moved: np.ndarray | None,
        scale: tuple[float, float],
        count: str,
        colours: str = VALUES,
    ) -> None:
        """Planes of float (n, height, width); the first two on one scale, `moved` on its own."""
        low, high = scale
        self._count.setText(
            tr("{count}; float and compressed drawn from {low:.3g} to {high:.3g}", count=count, low=low, high=high)
        )
        for text, picture, planes, name in zip(
            self._texts, self._pictures, (first, second), (tr("float baseline"), tr("compressed")), strict=False
        ):
            text.setText(name)
            picture.setPixmap(grid_picture(planes, scale, colours, COLUMNS, CELL_PIXELS))
        if moved is None:
            self._texts[2].setText(tr("Other shapes: no difference"))
            self._pictures[2].clear()
            return
        most = float(np.abs(moved).max(initial=0)) or 1.0
        self._texts[2].setText(tr("difference, ±{most:.3g}", most=most))
        self._pictures[2].setPixmap(grid_picture(moved, (-most, most), DIFFERENCES, COLUMNS, CELL_PIXELS))


def _table(name: str, described: str, heads: tuple[str, ...]) -> QTableWidget:
    table = QTableWidget(0, len(heads), objectName=name, tabKeyNavigation=False)
    table.setAccessibleName(described)
    table.setHorizontalHeaderLabels([tr(head) for head in heads])
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setStretchLastSection(True)
    return table


def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
    table.setRowCount(len(rows))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            table.setItem(row, column, QTableWidgetItem(text))


def _decibels(value: float) -> str:
    return tr("exact") if value == math.inf else "–" if value == -math.inf else number_text(f"{value:.1f}")
