"""What the chosen network costs at this image size: parameters, bytes and arithmetic."""

from __future__ import annotations

from math import prod

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.backbones.backbone import layer_graph
from engine.backbones.freezing import trainable_parameters
from engine.contract.errors import NutshellError
from engine.contract.recipe import Recipe
from engine.feeding.pipeline import network_input_shape
from engine.graph.layer_graph import LayerGraph
from engine.language.speech import mark, number_text, tr
from ui.byte_sizes import bytes_text
from workers.latest_call import LatestCall

FLOAT32_BYTES = 4
UNKNOWN_CLASSES = 2
FEW_IN_A_ROW = 3
MIN_WIDTH = 420
MARGINS = 24
TITLES = {
    "input": mark("network input"),
    "parameters": mark("parameters"),
    "trainable": mark("trainable"),
    "megabytes": mark("as float32"),
    "macs": mark("multiply-accumulates per image"),
}


class NetworkFigures(QFrame):
    """A row of figures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._grid = QGridLayout(self)
        self._columns: list[QWidget] = []
        self._figures: dict[str, QLabel] = {}
        for name, title in TITLES.items():
            figure, caption = QLabel(objectName=f"backbone.{name}", accessibleName=tr(title)), QLabel(tr(title))
            figure.setProperty("role", "figure")
            figure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            caption.setProperty("role", "hint")
            part = QWidget()
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(figure)
            column.addWidget(caption)
            self._columns.append(part)
            self._figures[name] = figure
        self._in_a_row = 0
        self._arrange()
        self._call = LatestCall("network figures", self)  # not shown
        self._call.succeeded.connect(self._show)
        self._call.refused.connect(lambda _: self._show_none())

    def shut_down(self) -> None:
        """End the thread."""
        self._call.shut_down()

    def minimumSizeHint(self) -> QSize:
        return QSize(MIN_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """In one row, or in two where there is less room."""
        widths = sum(part.sizeHint().width() + self._grid.horizontalSpacing() for part in self._columns)
        in_a_row = len(self._columns) if widths + MARGINS <= self.width() else FEW_IN_A_ROW
        if in_a_row != self._in_a_row:
            self._in_a_row = in_a_row
            for place, part in enumerate(self._columns):
                self._grid.addWidget(part, place // in_a_row, place % in_a_row)

    def show_network(self, recipe: Recipe, class_count: int | None) -> None:
        """Show the recipe's network, or dashes where it cannot be built; the pre-flight says why.

        Of several image settings: the network that is fed the least, and below it the one that is fed the most.
        """
        classes = class_count or UNKNOWN_CLASSES
        if recipe.backbone.weights:
            # The network depends on the file, and a large one takes a while to look into.
            self._call.request(lambda _: _graphs_texts(recipe, classes))
            return
        self._call.call_off()
        try:
            self._show(_graphs_texts(recipe, classes))
        except NutshellError:
            self._show_none()

    def _show_none(self) -> None:
        for figure in self._figures.values():
            figure.setText("–")

    def _show(self, texts: tuple[dict[str, str], dict[str, str]]) -> None:
        smallest, largest = texts
        for name, figure in self._figures.items():
            figure.setText(smallest[name] if smallest[name] == largest[name] else f"{smallest[name]}\n{largest[name]}")


def _graphs_texts(recipe: Recipe, classes: int) -> tuple[dict[str, str], dict[str, str]]:
    """The figures of the network that is fed the least, and of the one that is fed the most.

    Raises:
        NutshellError: the network cannot be built.
    """
    shapes = {network_input_shape(images) for images in recipe.images.settings}
    graphs = [layer_graph(recipe.backbone, shape, classes) for shape in sorted(shapes, key=prod)]
    return _texts(graphs[0], recipe), _texts(graphs[-1], recipe)


def _texts(graph: LayerGraph, recipe: Recipe) -> dict[str, str]:
    return {
        "input": " × ".join(map(str, graph.input_shape)),
        "parameters": number_text(f"{graph.parameters:,}"),
        "trainable": number_text(f"{trainable_parameters(graph, recipe):,}"),
        "megabytes": bytes_text(graph.parameters * FLOAT32_BYTES),
        "macs": tr("{macs:,.1f} million", macs=graph.macs / 1000000.0),
    }
