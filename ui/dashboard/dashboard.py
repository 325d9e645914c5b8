"""A run, live or read again: stages, curves, bars, subbands, log, table, and the buttons that steer it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import EngineEvent
from ui.dashboard.bars_panel import BarsPanel
from ui.dashboard.curves_panel import CurvesPanel
from ui.dashboard.run_state import RunState
from ui.dashboard.stage_tree_view import StageTreeView
from ui.dashboard.subbands_panel import SubbandsPanel
from ui.durations import duration_text
from ui.results.results_table import ResultsTable
from ui.theme import current_theme
from workers.process_outcome import Ending, ProcessOutcome

REDRAW_MS = 100
LEFT_PIXELS = 400
LOG_LINES = 5000


class Dashboard(QWidget):
    """Shows one `RunState`; redraws at most ten times a second."""

    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    cancel_requested = Signal()
    repeat_requested = Signal()
    """Take this run's recipe into the wizard."""
    continue_requested = Signal()
    """Run this recipe again; finished stages are reused."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dashboard")
        theme = current_theme()
        self.state = RunState()
        self._live = False
        self._log_shown = 0
        self._title = QLabel(objectName="dashboard.title")
        self._title.setProperty("role", "title")
        self._progress = QProgressBar(objectName="dashboard.progress", maximum=1000)
        self._time = QLabel(objectName="dashboard.time")
        self.stages = StageTreeView()
        self.curves = CurvesPanel(theme)
        self.bars = BarsPanel(theme)
        self.subbands = SubbandsPanel()
        self.results = ResultsTable()
        self._log = QPlainTextEdit(objectName="dashboard.log", readOnly=True, maximumBlockCount=LOG_LINES)
        self._engine_log = QPushButton("Open the engine's log", objectName="dashboard.engine_log")
        self._pause = QPushButton("Pause", objectName="dashboard.pause")
        self._stop = QPushButton("Stop and keep", objectName="dashboard.stop")
        self._stop.setToolTip("End the stage that trains now, keep its best model, and go on with the next stage")
        self._cancel = QPushButton("Cancel", objectName="dashboard.cancel")
        self._repeat = QPushButton("Edit this study", objectName="dashboard.repeat")
        self._repeat.setToolTip("Take its recipe into the wizard")
        self._continue = QPushButton("Continue", objectName="dashboard.continue")
        self._continue.setToolTip("Run the recipe again; finished stages are reused")
        self._banner, self._banner_text = QFrame(objectName="dashboard.banner"), QLabel(wordWrap=True)
        self._lay_out()
        self._redraw_timer = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._redraw_timer.timeout.connect(self._redraw)
        self._pause.clicked.connect(self._on_pause)
        self._stop.clicked.connect(self.stop_requested)
        self._cancel.clicked.connect(self._on_cancel)
        self._repeat.clicked.connect(self.repeat_requested)
        self._continue.clicked.connect(self.continue_requested)
        self._engine_log.clicked.connect(self._on_engine_log)
        self._redraw()

    def begin(self, name: str) -> None:
        """A live run is about to send events."""
        self._live = True
        self._title.setText(name)
        self._time.setText("Starting the engine…")
        self._progress.setMaximum(0)
        self._show_buttons()

    def take(self, events: list[EngineEvent]) -> None:
        """Events of a live run, or of a log."""
        self.state.apply_all(events)
        if not self._redraw_timer.isActive():
            self._redraw_timer.start()

    def end(self, outcome: ProcessOutcome) -> None:
        """The live run's engine has ended."""
        self._live = False
        if outcome.ending is not Ending.DONE:
            self._say(outcome.message)
        self._redraw()

    def show_interrupted(self) -> None:
        """The run that is read was cut off without a last word."""
        self._say("This run was cut off before it was done. Finished stages are kept: Continue goes on from there.")
        self._redraw()

    def _lay_out(self) -> None:
        self._banner.setProperty("role", "error-banner")
        self._banner_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        QHBoxLayout(self._banner).addWidget(self._banner_text)
        self._banner.hide()
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        for button in (self._pause, self._stop, self._cancel, self._continue, self._repeat):
            head.addWidget(button)
        overall = QHBoxLayout()
        overall.addWidget(self._progress, 1)
        overall.addWidget(self._time)
        log = QWidget()
        inner = QVBoxLayout(log)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self._log)
        inner.addWidget(self._engine_log, 0, Qt.AlignmentFlag.AlignLeft)
        left = QSplitter(Qt.Orientation.Vertical)
        left.addWidget(self.stages)
        left.addWidget(log)
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 2)
        self.tabs = QTabWidget(objectName="dashboard.tabs")
        live = QSplitter(Qt.Orientation.Vertical)
        live.addWidget(self.curves)
        live.addWidget(self.bars)
        live.setStretchFactor(0, 4)
        live.setStretchFactor(1, 5)
        self.tabs.addTab(live, "Training and variants")
        self.tabs.addTab(self.subbands, "Images and subbands")
        self.tabs.addTab(self.results, "Table and files")
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(left)
        both.addWidget(self.tabs)
        both.setSizes([LEFT_PIXELS, 10 * LEFT_PIXELS])
        both.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addLayout(overall)
        layout.addWidget(self._banner)
        layout.addWidget(both, 1)

    def _redraw(self) -> None:
        state = self.state
        if state.started:
            self._title.setText(state.started.name)
        self.stages.show_state(state)
        self.curves.show_state(state)
        self.bars.show_state(state)
        self.subbands.show_state(state)
        self.results.show_state(state)
        if len(state.log) > self._log_shown:
            self._log.appendPlainText("\n".join(state.log[self._log_shown :]))
            self._log_shown = len(state.log)
        if state.failure:
            self._say(state.failure.message)
        elif state.cancelled:
            self._say(state.cancelled.message)
        self._show_progress()
        self._show_buttons()

    def _show_progress(self) -> None:
        state = self.state
        if state.preparation is not None and not state.closed:
            self._progress.setMaximum(max(state.preparation.total, 0))
            self._progress.setValue(state.preparation.done)
            self._time.setText(f"Reading images: {state.preparation.done:,} of {state.preparation.total:,}")
            return
        if not state.stages:
            return
        self._progress.setMaximum(1000)
        self._progress.setValue(round(1000 * state.done_fraction))
        if state.result:
            reused = state.result.stages_reused
            nothing = reused and not state.result.stages_computed
            self._time.setText(
                "Done; nothing had to be computed" if nothing else f"Done; {reused} stages reused" if reused else "Done"
            )
        elif state.closed or not self._live:
            self._time.setText("Ended")
        elif state.paused:
            self._time.setText("Paused")
        else:
            left = state.seconds_left
            self._time.setText(f"about {duration_text(left)} left" if left else "measuring")

    def _show_buttons(self) -> None:
        running = self._live and not self.state.closed
        self._pause.setVisible(running)
        self._pause.setText("Go on" if self.state.paused else "Pause")
        self._stop.setVisible(running)
        self._stop.setEnabled(self.state.current is not None and self.state.current.plan.epochs > 0)
        self._cancel.setVisible(running)
        self._repeat.setVisible(not self._live)
        self._continue.setVisible(not self._live and self.state.result is None)
        self._engine_log.setVisible(self.state.started is not None)

    def _say(self, text: str) -> None:
        self._banner_text.setText(text)
        self._banner.setVisible(bool(text))

    def _on_pause(self) -> None:
        if self.state.paused:
            self.resume_requested.emit()
        else:
            self.pause_requested.emit()

    def _on_cancel(self) -> None:
        question = "Cancel the run? Every finished stage is kept, and running the recipe again goes on from there."
        if QMessageBox.question(self, "Cancel the run", question) == QMessageBox.StandardButton.Yes:
            self._time.setText("Cancelling…")
            self.cancel_requested.emit()

    def _on_engine_log(self) -> None:
        if self.state.started:
            path = Path(self.state.started.directory) / "engine.log"
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
