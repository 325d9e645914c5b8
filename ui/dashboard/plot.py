"""The base of all plots: the theme's colours, named axes, values under the pointer, zoom, and ways to save it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyqtgraph
import pyqtgraph.exporters
from PySide6.QtCore import QBuffer, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication, QPainter, QResizeEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QMenu, QScrollArea, QToolButton, QToolTip

from engine.language.speech import number_text, tr
from engine.store.durable_file import appearing_file, write_durably
from ui.question import tell
from ui.theme import Theme

GRID_OPACITY = 0.15
LABEL_POINTS = "9pt"
EXPORT_PIXELS = 1600
"""Width of a saved picture: enough for a column of a printed page at 300 dots an inch and more."""
BUTTON_MARGIN = 4
USUAL_HEIGHT = 150
HOVER_RATE_HZ = 30


@dataclass(frozen=True)
class PlotTable:
    """What a plot shows, as numbers."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]

    def csv(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(self.rows)
        return text.getvalue()


class PlotAxis(pyqtgraph.AxisItem):
    """Writes its numbers as the language does, and leaves the wheel to the page where the plot does."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [number_text(text) for text in super().tickStrings(values, scale, spacing)]

    def wheelEvent(self, event: object) -> None:
        if (box := self.linkedView()) is not None:
            box.wheelEvent(event, 0 if self.orientation in ("top", "bottom") else 1)


class WholeNumberAxis(PlotAxis):
    """Has no ticks between whole numbers, such as half an epoch."""

    def tickSpacing(self, low: float, high: float, pixels: float) -> list[tuple[float, float]]:
        spacings = super().tickSpacing(low, high, pixels)
        return [spacing for spacing in spacings if float(spacing[0]).is_integer()] or [(1.0, 0.0)]


class ZoomBox(pyqtgraph.ViewBox):
    """Zooms by wheel and drag; a double click shows everything again."""

    reset_requested = Signal()

    def __init__(self, scrolls: bool) -> None:
        """`scrolls`: the plot lies in a page that the wheel scrolls, so that it zooms with Ctrl only."""
        super().__init__(enableMenu=False)
        self._scrolls = scrolls
        self.shows_everything: Callable[[], bool] = lambda: True

    def wheelEvent(self, event: object, axis: int | None = None) -> None:
        if (self._scrolls or self._page_scrolls()) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:  # type: ignore[attr-defined]
            event.ignore()  # type: ignore[attr-defined]
            return
        if event.delta() < 0 and self.shows_everything():  # type: ignore[attr-defined]
            event.accept()  # type: ignore[attr-defined]
            return
        super().wheelEvent(event, axis)
        bounds = self.childrenBounds()
        (left, right), (bottom, top) = self.viewRange()
        there = bounds[0] is not None and bounds[1] is not None
        # Beyond the data there is nothing to see.
        if there and left <= bounds[0][0] and right >= bounds[0][1] and bottom <= bounds[1][0] and top >= bounds[1][1]:
            self.reset_requested.emit()

    def _page_scrolls(self) -> bool:
        """Whether the plot lies in a page that is longer than its window now."""
        widget = self.getViewWidget()
        while widget is not None and (widget := widget.parentWidget()) is not None:
            if isinstance(widget, QScrollArea) and widget.verticalScrollBar().maximum() > 0:
                return True
        return False

    def mouseDoubleClickEvent(self, event: object) -> None:
        self.reset_requested.emit()
        event.accept()  # type: ignore[attr-defined]


class Plot(pyqtgraph.PlotWidget):
    """Empty, without invented axes, until its owner shows values; the owner says what is under the pointer."""

    def __init__(
        self,
        name: str,
        x_axis: str,
        y_axis: str,
        counts: bool = False,
        scrolls: bool = False,
        top: pyqtgraph.AxisItem | None = None,
    ) -> None:
        """
        Args:
            name: the object name.
            x_axis, y_axis: what the axis shows, with its unit; an empty one is not named.
            counts: whether the x axis counts something.
            scrolls: whether it lies in a page that scrolls.
            top: an axis above the plot.
        """
        self.box = ZoomBox(scrolls)
        axes = {"bottom": WholeNumberAxis("bottom") if counts else PlotAxis("bottom"), "left": PlotAxis("left")}
        axes["top"] = top or PlotAxis("top")
        super().__init__(viewBox=self.box, axisItems=axes)
        # pyqtgraph shows every axis that it is given.
        self.showAxis("top", top is not None)
        self.setObjectName(name)
        self.setAccessibleName(tr("{y_axis} over {x_axis}", y_axis=y_axis, x_axis=x_axis) if y_axis else x_axis)
        self.showGrid(x=True, y=True, alpha=GRID_OPACITY)
        self.setLabel("bottom", x_axis)
        self.setLabel("left", y_axis)
        self.getPlotItem().hideButtons()
        self.setMenuEnabled(False)
        for side in ("bottom", "left"):
            # "3 k" for 3,000 hides the unit that the label names.
            self.getAxis(side).enableAutoSIPrefix(False)
        self.described: Callable[[QPointF], str] = lambda _: ""
        """What lies at a point, given in the plot's own values."""
        self.tabled: Callable[[], PlotTable] | None = None
        """What it shows as numbers; None: nothing to save."""
        self.on_reset: Callable[[], None] = self._show_everything
        self.is_zoomed = False
        self.box.shows_everything = lambda: not self.is_zoomed
        self._more: list[QAction | QMenu] = []
        self._button = QToolButton(self, text="⋯", objectName=f"{name}.menu", autoRaise=True)
        self._button.setAccessibleName(tr("Actions for this plot"))
        self._button.setToolTip(tr("Save, copy or reset the zoom. Scroll or drag to zoom, double-click to reset."))
        self._button.clicked.connect(
            lambda: self._open_menu(self._button.mapToGlobal(self._button.rect().bottomLeft()))
        )
        self._hover = pyqtgraph.SignalProxy(
            self.scene().sigMouseMoved, rateLimit=HOVER_RATE_HZ, slot=lambda arguments: self._on_moved(arguments[0])
        )
        self.box.reset_requested.connect(self.reset_zoom)
        self.box.sigRangeChangedManually.connect(self._on_zoomed)
        self.show_values(False)

    def sizeHint(self) -> QSize:
        """No higher than it has to be: what has more room gives it more."""
        return QSize(super().sizeHint().width(), max(self.minimumHeight(), USUAL_HEIGHT))

    def show_values(self, there: bool) -> None:
        """Whether there is anything to show: an empty plot has no values on its axes."""
        for side in ("bottom", "left"):
            self.getAxis(side).setStyle(showValues=there)
        self._button.setVisible(there)

    def paint(self, theme: Theme) -> None:
        """Take the background and the axes of a theme."""
        self.setBackground(theme.panel)
        for side in ("bottom", "left", "top"):
            axis = self.getAxis(side)
            axis.setPen(theme.muted)
            axis.setTextPen(theme.text)
            if side != "top":
                axis.setLabel(axis.labelText, color=theme.text, **{"font-size": LABEL_POINTS})

    def offer(self, more: QAction | QMenu) -> None:
        """Put something of the plot's own into its menu."""
        self._more.append(more)

    def reset_zoom(self) -> None:
        """Show everything again."""
        self.is_zoomed = False
        self.on_reset()

    def _show_everything(self) -> None:
        self.box.enableAutoRange()
        self.box.updateAutoRange()

    def menu(self) -> QMenu:
        """What can be done with the plot."""
        menu = QMenu(self)
        menu.addAction(tr("&Reset the zoom"), self.reset_zoom)
        for one in self._more:
            menu.addMenu(one) if isinstance(one, QMenu) else menu.addAction(one)
        menu.addSeparator()
        menu.addAction(tr("&Copy as picture"), self._copy)
        menu.addAction(tr("Save as &PNG…"), lambda: self._save("PNG", self.save_png))
        menu.addAction(tr("Save as &SVG…"), lambda: self._save("SVG", self.save_svg))
        if self.tabled is not None:
            menu.addAction(tr("Save its &numbers as CSV…"), lambda: self._save("CSV", self.save_csv))
        return menu

    def save_png(self, path: Path) -> None:
        """
        Raises:
            OSError: it cannot be written.
        """
        exporter = pyqtgraph.exporters.ImageExporter(self.getPlotItem())
        exporter.parameters()["width"] = EXPORT_PIXELS
        with appearing_file(path) as temporary:
            if not exporter.export(toBytes=True).save(str(temporary), "PNG"):
                raise OSError(0, tr("no picture could be written"), str(path))

    def save_svg(self, path: Path) -> None:
        """
        Raises:
            OSError: it cannot be written.
        """
        # pyqtgraph's own exporter of SVG fails on curves of many points.
        content = QBuffer()
        generator = QSvgGenerator()
        generator.setOutputDevice(content)
        generator.setSize(self.size())
        generator.setViewBox(self.rect())
        generator.setTitle(self.accessibleName())
        painter = QPainter(generator)
        self.render(painter)
        painter.end()
        write_durably(path, bytes(content.data().data()))

    def save_csv(self, path: Path) -> None:
        """
        Raises:
            OSError: it cannot be written.
        """
        assert self.tabled is not None
        write_durably(path, self.tabled().csv())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_button"):
            # Below the left axis: neither figures nor names nor the axis title reach there.
            self._button.move(BUTTON_MARGIN, self.height() - self._button.sizeHint().height())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._open_menu(event.globalPos())

    def _open_menu(self, place: object) -> None:
        menu = self.menu()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)  # type: ignore[arg-type]

    def _on_zoomed(self, *_: object) -> None:
        self.is_zoomed = True

    def _on_moved(self, place: QPointF) -> None:
        inside = self.box.sceneBoundingRect().contains(place)
        text = self.described(self.box.mapSceneToView(place)) if inside else ""
        self.viewport().setToolTip("")
        if text:
            QToolTip.showText(self.mapToGlobal(self.mapFromScene(place)), text, self)
        else:
            QToolTip.hideText()

    def _copy(self) -> None:
        exporter = pyqtgraph.exporters.ImageExporter(self.getPlotItem())
        exporter.parameters()["width"] = EXPORT_PIXELS
        QGuiApplication.clipboard().setImage(exporter.export(toBytes=True))

    def _save(self, kind: str, save: Callable[[Path], None]) -> None:
        suffix = f".{kind.lower()}"
        name = f"{self.objectName().split('.')[-1]}{suffix}"
        chosen, _ = QFileDialog.getSaveFileName(
            self, tr("Save the plot as {kind}", kind=kind), name, f"{kind} (*{suffix})"
        )
        if not chosen:
            return
        try:
            save(Path(chosen) if Path(chosen).suffix else Path(chosen).with_suffix(suffix))
        except OSError as error:
            tell(
                self,
                tr("Not saved"),
                tr("{chosen} cannot be written ({value}).", chosen=chosen, value=error.strerror or error),
            )
