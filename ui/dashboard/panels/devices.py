"""What other devices measured: bars beside this computer's, and a table for each measurement."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from engine.figures.figure import MILLISECONDS, MISSING, Bar
from engine.figures.figure_text import figure_text
from engine.language.speech import mark, number_text, tr
from ui.byte_sizes import bytes_text
from ui.dashboard.bar_rows import BarRow
from ui.dashboard.measure_plot import MeasurePlot
from ui.dashboard.panel import Panel
from ui.device_lines import (
    answer_lines,
    conditions_line,
    energy_lines,
    machine_line,
    profile_lines,
    usual_text,
    way_text,
)
from ui.message_bar import MessageBar
from ui.shown_run import ShownRun
from ui.theme import Theme, current_theme

if TYPE_CHECKING:
    from engine.device.device_figures import DeviceFigures, TimeOfImages
    from engine.device.device_reports import DeviceReport

TIME = Bar(
    mark("latency p50–p95 ({unit})"),
    MILLISECONDS,
    lambda variant: variant.latency_p50_ms,
    lambda variant: (variant.latency_p50_ms, variant.latency_p95_ms),
    mark("latency p50"),
)
HEADS = (
    mark("variant"),
    mark("run by"),
    mark("p50 (ms)"),
    mark("p95 (ms)"),
    mark("× baseline"),
    mark("load (ms)"),
    mark("first image (ms)"),
    mark("peak memory"),
    mark("answers as here"),
    mark("test set (s)"),
    mark("10,000 images (s)"),
)
ANSWERS = 8
NAMES_PIXELS = 360
"""Of a variant with its device and threads."""
SCALED = mark("Seconds with ~ are scaled from the mean time of one image; the others were measured.")


class DevicesPanel(Panel):
    """One bar per variant and machine; the table is of the measurement that is chosen."""

    key: ClassVar[str] = "devices"
    tab: ClassVar[str] = mark("Devices")
    place: ClassVar[int] = 6

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._shown: tuple[object, ...] = ()
        self._reports: tuple[DeviceReport, ...] = ()
        self.plot = MeasurePlot("device_latency", TIME, named=True, widest_names=NAMES_PIXELS)
        self.plot.set_theme(theme)
        self.chosen = QComboBox(objectName="devices.chosen")
        self.chosen.setAccessibleName(tr("Measurement"))
        self.table = QTableWidget(0, len(HEADS), objectName="devices.table", tabKeyNavigation=False)
        self.table.setAccessibleName(tr("Figures of the device"))
        self.table.setHorizontalHeaderLabels([tr(head) for head in HEADS])
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.verticalHeader().hide()
        self.about = QLabel(objectName="devices.about", wordWrap=True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.about.setProperty("role", "hint")
        self.answers = MessageBar("devices.answers")
        self.troubles = MessageBar("devices.troubles")
        inside = QWidget()
        content = QVBoxLayout(inside)
        content.addWidget(self.plot.plot)
        for widget in (self.chosen, self.table, self.answers, self.about, self.troubles):
            content.addWidget(widget)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        self.chosen.currentIndexChanged.connect(self._on_chosen)

    def show_state(self, state: ShownRun) -> None:
        shown = (state.devices, tuple(state.variants.values()), state.device_troubles)
        if shown == self._shown:
            return
        self._shown, self._reports = shown, state.devices
        self.filled.emit(bool(state.devices or state.device_troubles))
        self.troubles.say("\n".join(state.device_troubles), "warning")
        self.plot.show_rows(_rows(state))
        before = self.chosen.currentIndex()
        self.chosen.blockSignals(True)
        self.chosen.clear()
        self.chosen.addItems([report.kept.title for report in self._reports])
        self.chosen.setCurrentIndex(before if 0 <= before < len(self._reports) else len(self._reports) - 1)
        self.chosen.blockSignals(False)
        self._on_chosen()

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)

    def _on_chosen(self) -> None:
        place = self.chosen.currentIndex()
        if not 0 <= place < len(self._reports):
            self.table.setRowCount(0)
            return
        report = self._reports[place]
        self.table.setRowCount(0)
        for one in report.figures:
            for row in _table_rows(one):
                self._add(row, is_alarming=bool(one.differing or one.error))
        self.table.setMinimumHeight(
            self.table.horizontalHeader().sizeHint().height()
            + self.table.rowCount() * self.table.verticalHeader().defaultSectionSize()
            + self.table.horizontalScrollBar().sizeHint().height()
        )
        self.answers.say("\n".join(answer_lines(report.figures)))
        lines = (
            machine_line(report.kept), conditions_line(report.kept), tr(SCALED), report.kept.results.profile_note,
            *energy_lines(report.figures), *profile_lines(report.figures),
        )  # fmt: skip
        self.about.setText("\n".join(filter(None, lines)))

    def _add(self, row: tuple[str, ...], is_alarming: bool) -> None:
        number = self.table.rowCount()
        self.table.insertRow(number)
        for column, text in enumerate(row):
            item = QTableWidgetItem(text)
            if column:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if is_alarming and column in (0, ANSWERS):
                item.setForeground(QColor(current_theme().error))
            self.table.setItem(number, column, item)


def _rows(state: ShownRun) -> tuple[BarRow, ...]:
    """A bar for this computer and one per device and number of threads, variant by variant."""
    rows = []
    for variant in state.variants.values():
        here = tr("{variant}, this computer", variant=variant.name)
        interval = (variant.latency_p50_ms, variant.latency_p95_ms)
        rows.append(BarRow(here, "", variant.latency_p50_ms, interval))
        for report in state.devices:
            found = report.of(variant.name)
            for way, timed in (found.latency if found else {}).items():
                machine = f"{report.title}, {way_text(way)}"
                name = f"{variant.name}, {machine}"
                rows.append(BarRow(name, machine, timed.usual_ms, (timed.usual_ms, timed.p95_ms or timed.usual_ms)))
    return tuple(rows) if state.devices else ()


def _table_rows(one: DeviceFigures) -> list[tuple[str, ...]]:
    answers = (
        number_text(f"{one.images - len(one.differing):,} / {one.images:,}")
        if one.images
        else tr("does not run")
        if one.error
        else MISSING
    )
    memory = MISSING if one.peak_memory_bytes is None else bytes_text(one.peak_memory_bytes)
    fixed = (_number(one.load_ms), _number(one.first_ms), memory, answers)
    if not one.latency:
        return [(one.variant, *[MISSING] * 4, *fixed, MISSING, MISSING)]
    rows = []
    for place, (way, timed) in enumerate(one.latency.items()):
        ratio = MISSING if timed.ratio is None else number_text(f"{timed.ratio:.2f}")
        times = (way_text(way), usual_text(timed), _number(timed.p95_ms), ratio)
        shown = fixed if place == 0 else ("",) * len(fixed)
        rows.append((one.variant, *times, *shown, _seconds(timed.evaluation), _seconds(timed.many)))
    return rows


def _seconds(time: TimeOfImages) -> str:
    return f"{'' if time.is_measured else '~'}{number_text(figure_text(time.seconds))}"


def _number(value: float | None) -> str:
    return MISSING if value is None else number_text(figure_text(value))
