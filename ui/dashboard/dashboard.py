"""A run, live or read again: stages, curves, bars, subbands, log and table."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.contract.events import EngineEvent
from engine.language.sentence_recognition import recognised
from engine.language.speech import mark, tr
from ui.counts import counted
from ui.dashboard.bars_panel import BarsPanel
from ui.dashboard.curves_panel import CurvesPanel
from ui.dashboard.log_pane import LogPane
from ui.dashboard.panel import PANELS
from ui.dashboard.panels.results import ResultsPanel
from ui.dashboard.run_banner import RunBanner, Tone
from ui.dashboard.run_header import RunHeader
from ui.dashboard.stage_tree_view import StageTreeView
from ui.durations import duration_text
from ui.screen_fit import scrolling
from ui.shown_run import ShownRun
from ui.theme import Theme, current_theme
from workers.latest_call import LatestCall
from workers.process_outcome import Ending, ProcessOutcome

if TYPE_CHECKING:
    from engine.device.device_reports import DeviceReports

TURN_MS = 10
LEFT_PIXELS, PLOTS_PIXELS = 430, 610
MIN_LEFT_PIXELS = 390
NARROW_PIXELS = 760
"""Below this width the plots stand below the stages, and the page scrolls."""
STACKED_HEIGHT, MIN_HEIGHT = 900, 360
CURVES_PIXELS, BARS_PIXELS = 220, 350
TABLE = "results"
"""The panel that the banner of a finished run leads to."""
CUT_OFF = mark("This run was cut off before it was done. Finished stages are kept: Resume continues from there.")
CUT_OFF_AGAIN = mark(
    "This run was cut off twice at the same point, in {stage}, and will most likely end there again: use Duplicate to "
    "take that step or setting out or to change it, or resume anyway."
)
RUNS_ELSEWHERE = mark("Another window or a terminal started this run. You can follow, pause and cancel it here.")


DEVICES = "devices"
"""The panel, and the folder of a run, for what other devices measured; engine.device is not needed for a look."""


class Part(Protocol):
    """What of the dashboard is drawn in one turn of the event loop."""

    def show_state(self, state: ShownRun) -> None:
        """Show what has changed since the last call."""


class Themed(Protocol):
    """What takes its colours from a theme when it paints."""

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another theme."""


class Dashboard(QWidget):
    """Shows one `ShownRun`, one part per turn of the event loop: no turn is long, and no part is drawn more than ten
    times
    a second."""

    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    cancel_requested = Signal()
    duplicate_requested = Signal()
    """Begin a new study with this run's recipe."""
    resume_run_requested = Signal()
    """Resume this run, which did not end."""
    try_requested = Signal(object)
    """The `Path` of a model that is wanted on the test bench."""

    def __init__(self, directory: Path | None = None, settings: QSettings | None = None) -> None:
        """An empty dashboard.

        Args:
            directory: where the files of a run that is read again are now.
            settings: where the panels remember what the user chose; None: nowhere.
        """
        super().__init__()
        self.setObjectName("dashboard")
        theme = current_theme()
        self.state = ShownRun(directory)
        self._live = False
        self.header = RunHeader()
        self.banner = RunBanner(theme)
        self.stages = StageTreeView()
        self.log = LogPane(theme)
        self.curves = CurvesPanel(theme)
        self.bars = BarsPanel(theme)
        declared = sorted((PANELS[key] for key in PANELS), key=lambda panel: panel.place)
        self.panels = {panel.key: panel(theme, settings) for panel in declared}
        """Key → the tabs beside the first, in their order."""
        self.tabs = QTabWidget(objectName="dashboard.tabs")
        self._lay_out()
        self._parts: tuple[Part, ...] = (
            self.stages,
            self.log,
            *self.curves.parts,
            *self.bars.plots.values(),
            *self.panels.values(),
        )
        for panel in self.panels.values():
            panel.try_requested.connect(self.try_requested)
            panel.row_requested.connect(self._on_row_requested)
            if not panel.is_always_there:
                panel.filled.connect(partial(self._offer, panel))
        self._devices = LatestCall("devices", self)
        self._devices_to_front = False
        self._devices.succeeded.connect(self._on_devices)
        results = self.panels[TABLE]
        assert isinstance(results, ResultsPanel)
        results.table.devices_changed.connect(lambda: self.load_devices(to_front=True))
        self._due: list[Part] = []
        self._stale = False
        self._turn_timer = QTimer(self, interval=TURN_MS)
        self._turn_timer.timeout.connect(self._on_turn)
        self.header.pause_requested.connect(self._on_pause)
        self.header.resume_requested.connect(self._on_resume)
        self.header.stop_requested.connect(self.stop_requested)
        self.header.cancel_requested.connect(self.cancel_requested)
        self.header.duplicate_requested.connect(self.duplicate_requested)
        self.banner.resume_requested.connect(self.resume_run_requested)
        self.banner.log_requested.connect(self._on_log_requested)
        self.banner.table_requested.connect(lambda: self.tabs.setCurrentWidget(self.panels[TABLE]))
        self._redraw()

    def begin(self, name: str) -> None:
        """A live run is about to send events."""
        self._live = True
        self.header.name = name
        self._redraw()

    def show_title(self, title: str) -> None:
        """What the user calls the run."""
        self.header.name = title
        self.header.show_state(self.state, self._live)

    def take(self, events: list[EngineEvent]) -> None:
        """Events of a live run, or of a log."""
        self.state.apply_all(events)
        self._stale = True
        if not self._turn_timer.isActive():
            self._turn_timer.start()

    def is_up_to_date(self) -> bool:
        """Whether all that was told is drawn."""
        return not self._turn_timer.isActive()

    def end(self, outcome: ProcessOutcome) -> None:
        """The live run's engine has ended."""
        self._live = False
        if outcome.ending is Ending.DONE:
            variants, took = counted(len(self.state.variants), "variant"), duration_text(self.state.seconds)
            self.banner.say(
                tr("Done in {took}: {variants} measured and saved.", took=took, variants=variants),
                Tone.GOOD,
                has_figures=True,
            )
        else:
            self.state.cut_off()
            tone = Tone.WARNING if outcome.ending is Ending.CANCELLED else Tone.ERROR
            has_figures = outcome.result is not None
            self.banner.say(
                outcome.message, tone, resumable=True, has_figures=has_figures, died_again=outcome.died_again
            )
        self.header.show_state(self.state, self._live)
        self.take([])
        self.load_devices()

    def show_read(self, runs_elsewhere: bool = False) -> None:
        """All that was written of an earlier run has been taken; `runs_elsewhere`: more may come, and its engine can be
        asked."""
        self._live = self.header.is_elsewhere = runs_elsewhere and not self.state.closed
        if self.state.failure:
            has_figures = self.state.result is not None
            self.banner.say(self.state.failure.message, Tone.ERROR, resumable=True, has_figures=has_figures)
        elif self.state.cancelled:
            self.banner.say(self.state.cancelled.message, Tone.WARNING, resumable=True)
        elif self.state.result is not None:
            self.banner.hide()
        elif runs_elsewhere:
            self.banner.say(tr(RUNS_ELSEWHERE), Tone.WARNING)
        else:
            self.state.cut_off()
            again = self.state.running.was_cut_off_again
            said = tr(CUT_OFF_AGAIN, stage=recognised(self.state.running.name)) if again else tr(CUT_OFF)
            self.banner.say(said, Tone.WARNING, resumable=True, died_again=again)
        self._redraw()
        self.load_devices()

    def load_devices(self, to_front: bool = False) -> None:
        """Read again what other devices measured; it is shown when it is there.

        Args:
            to_front: go to its tab then.
        """
        self._devices_to_front = self._devices_to_front or to_front
        directory = self.state.directory
        if directory is not None and (directory / DEVICES).is_dir():
            self._devices.request(lambda _: _read_devices(directory))

    def _on_devices(self, found: DeviceReports) -> None:
        self.state.devices = found.reports
        self.state.device_troubles = found.troubles
        panel = self.panels[DEVICES]
        panel.show_state(self.state)
        if self._devices_to_front:
            self._devices_to_front = False
            self.tabs.setCurrentWidget(panel)
        self.take([])

    def shut_down(self) -> None:
        """End the threads."""
        self._devices.shut_down()
        for panel in self.panels.values():
            panel.shut_down()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of another theme."""
        themed: tuple[Themed, ...] = (self.banner, self.log, self.curves, self.bars, *self.panels.values())
        for one in themed:
            one.set_theme(theme)

    def _lay_out(self) -> None:
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.stages)
        left.addWidget(self.log)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 2)
        plots = QSplitter(Qt.Orientation.Vertical)
        plots.addWidget(self.curves)
        plots.addWidget(self.bars)
        plots.setSizes([CURVES_PIXELS, BARS_PIXELS])
        # Bars come when there is something to show; until then the curves have the room.
        self.bars.hide()
        left.setMinimumWidth(MIN_LEFT_PIXELS)
        self._progress = QSplitter(Qt.Orientation.Horizontal)
        self._progress.addWidget(left)
        self._progress.addWidget(plots)
        self._progress.setSizes([LEFT_PIXELS, PLOTS_PIXELS])
        self._progress.setStretchFactor(1, 1)
        self.tabs.addTab(scrolling(self._progress), tr("Stages and curves"))
        for panel in self.panels.values():
            self.tabs.addTab(panel, tr(panel.tab))
            self._offer(panel, panel.is_always_there)
        layout = QVBoxLayout(self)
        layout.addWidget(self.header)
        layout.addWidget(self.banner)
        layout.addWidget(self.tabs, 1)

    def _redraw(self) -> None:
        """Everything at once."""
        self.header.show_state(self.state, self._live)
        for part in self._parts:
            part.show_state(self.state)

    def _on_turn(self) -> None:
        """Draw the next part; a new round begins when all are drawn and events have come meanwhile."""
        if self._due:
            self._due.pop(0).show_state(self.state)
            self.bars.setVisible(bool(self.state.variants))
        elif self._stale:
            self._stale = False
            self.header.show_state(self.state, self._live)
            self._due = list(self._parts)
        else:
            self._turn_timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW_PIXELS
        self._progress.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        self._progress.setMinimumHeight(STACKED_HEIGHT if narrow else MIN_HEIGHT)

    def _offer(self, panel: QWidget, there: bool) -> None:
        """A tab is for runs that have something to show in it."""
        self.tabs.setTabVisible(self.tabs.indexOf(panel), there)

    def _on_pause(self) -> None:
        self.wait_for_pause(True)
        self.pause_requested.emit()

    def _on_resume(self) -> None:
        self.wait_for_pause(False)
        self.resume_requested.emit()

    def wait_for_pause(self, waits: bool) -> None:
        """Show whether a pause was asked for that the engine has not taken yet: it comes at the next batch."""
        self.state.pausing = waits
        self.header.show_state(self.state, self._live)

    def _on_row_requested(self, name: str) -> None:
        results = self.panels[TABLE]
        assert isinstance(results, ResultsPanel)
        self.tabs.setCurrentWidget(results)
        results.table.choose_variant(name)

    def _on_log_requested(self) -> None:
        self.tabs.setCurrentIndex(0)
        self.log.show_engine_log()


def _read_devices(directory: Path) -> DeviceReports:
    from engine.device.device_reports import device_reports

    return device_reports(directory)
