"""The top of the dashboard: what runs, how far it is, and the buttons that control it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from engine.language.speech import mark, tr
from ui.counts import counted
from ui.durations import duration_text
from ui.plain_label import PlainLabel
from ui.question import agrees
from ui.shown_run import ShownRun

PROGRESS_STEPS = 1000
TITLE_MARGIN = 2
NARROW_PIXELS = 620
"""Below this width the buttons stand below the texts."""
CANCEL_QUESTION = mark("Cancel the run? Every finished stage is kept, and Resume continues from there.")


class RunHeader(QWidget):
    """Shows one `ShownRun`; the buttons are there while the run is live."""

    pause_requested = Signal()
    resume_requested = Signal()
    stop_requested = Signal()
    cancel_requested = Signal()
    duplicate_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = ""
        """What the user calls the run; empty: as its recipe says."""
        self.is_elsewhere = False
        """Whether another window or a terminal has started the run."""
        self._is_running = False
        self._paused = False
        """Or about to be."""
        self._cancelling = False
        self._title = PlainLabel(name="dashboard.title", wraps=True)
        self._title.setProperty("role", "title")
        self._now = PlainLabel(name="dashboard.now", wraps=True)
        self._now.setProperty("role", "hint")
        self._progress = QProgressBar(objectName="dashboard.progress", maximum=PROGRESS_STEPS)
        self._progress.setAccessibleName(tr("Progress of the whole run"))
        self._time = QLabel(objectName="dashboard.time")
        self._pause = QPushButton(tr("&Pause"), objectName="dashboard.pause")
        self._pause.setToolTip(tr("Hold at the next batch"))
        self._stop = QPushButton(tr("&Stop training"), objectName="dashboard.stop")
        self._stop.setToolTip(tr("Stop training this stage, keep its best epoch, and continue with the next stage"))
        self._cancel = QPushButton(tr("&Cancel run…"), objectName="dashboard.cancel")
        self._cancel.setToolTip(tr("End the whole run; every finished stage is kept"))
        self._duplicate = QPushButton(tr("&Duplicate"), objectName="dashboard.duplicate")
        self._duplicate.setToolTip(tr("Start a new study with a copy of this recipe"))
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        """The texts, and the buttons beside them, or below where both have no room."""
        self._lay_out()
        self._pause.clicked.connect(self._on_pause)
        self._stop.clicked.connect(self.stop_requested)
        self._cancel.clicked.connect(self._on_cancel)
        self._duplicate.clicked.connect(self.duplicate_requested)

    def show_state(self, state: ShownRun, live: bool) -> None:
        """Show how far the run is; `live`: whether its engine works for this window."""
        self._is_running = live and not state.closed
        self._paused = state.paused or state.pausing
        self._title.setText(self.name or (state.started.name if state.started else ""))
        self._show_progress(state, live)
        self._pause.setText(tr("&Resume") if self._paused else tr("&Pause"))
        self._stop.setEnabled(state.current is not None and state.current.plan.epochs > 0)
        self._cancel.setEnabled(not self._cancelling)
        for button in (self._pause, self._stop, self._cancel):
            button.setVisible(self._is_running)
        self._duplicate.setVisible(not live or self.is_elsewhere)

    def _show_progress(self, state: ShownRun, live: bool) -> None:
        preparation = state.preparation
        if live and not state.closed and preparation is not None:
            self._set_progress(preparation.done, preparation.total)
            left = preparation.seconds_left
            held = "paused" if state.paused else "pausing…" if state.pausing else ""
            self._now.setText(
                tr("Reading images: {done:,} of {total:,}", done=preparation.done, total=preparation.total)
            )
            self._time.setText(
                held
                or (tr("about {duration_text} left for the images", duration_text=duration_text(left)) if left else "")
            )
            return
        if live and not state.stages and not state.closed:
            self._set_progress(0, 0)
            self._now.setText(tr("Starting the engine…"))
            self._time.setText("")
            return
        self._set_progress(round(PROGRESS_STEPS * state.done_fraction), PROGRESS_STEPS)
        self._now.setText(_now_text(state, live))
        self._time.setText(self._time_text(state, live))

    def _set_progress(self, done: int, total: int) -> None:
        """`total` 0: busy, without an end in sight."""
        self._progress.setMaximum(total)
        self._progress.setValue(done)

    def _time_text(self, state: ShownRun, live: bool) -> str:
        if state.result and not state.failure:
            return tr("done in {duration_text}", duration_text=duration_text(state.seconds))
        if state.closed or not live:
            return "ended"
        if self._cancelling:
            return "cancelling…"
        if state.paused:
            return "paused"
        if state.pausing:
            return "pausing…"
        left = state.seconds_left
        return tr("about {duration_text} left", duration_text=duration_text(left)) if left else "measuring"

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        below, beside = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._head.setDirection(below if self.width() < NARROW_PIXELS else beside)

    def _lay_out(self) -> None:
        names = QVBoxLayout()
        names.setSpacing(TITLE_MARGIN)
        names.addWidget(self._title)
        names.addWidget(self._now)
        buttons = QHBoxLayout()
        buttons.addStretch()
        for button in (self._pause, self._stop, self._cancel, self._duplicate):
            buttons.addWidget(button)
        self._head.addLayout(names, 1)
        self._head.addLayout(buttons)
        overall = QHBoxLayout()
        overall.addWidget(self._progress, 1)
        overall.addWidget(self._time)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._head)
        layout.addLayout(overall)

    def _on_pause(self) -> None:
        if self._paused:
            self.resume_requested.emit()
        else:
            self.pause_requested.emit()

    def _on_cancel(self) -> None:
        agreed = agrees(self, tr("Cancel the run"), tr(CANCEL_QUESTION), tr("Cancel the run"), tr("Keep running"))
        # It may have ended while the question stood.
        if agreed and self._is_running:
            self._cancelling = True
            self._cancel.setEnabled(False)
            self._time.setText("cancelling…")
            self.cancel_requested.emit()


def _now_text(state: ShownRun, live: bool) -> str:
    if state.result:
        computed, reused = state.result.stages_computed, state.result.stages_reused
        if reused and not computed and not state.failure:
            return tr("Nothing had to be computed: earlier runs have finished every stage")
        kept = tr(", {reused} reused from earlier runs", reused=reused) if reused else ""
        failed = (
            tr("; {counted} failed", counted=counted(len(state.result.failed), "chain")) if state.result.failed else ""
        )
        measured = counted(len(state.result.variants), "variant")
        return tr(
            "{measured} measured; {counted} computed{kept}{failed}",
            measured=measured,
            counted=counted(computed, "stage"),
            kept=kept,
            failed=failed,
        )
    if live and (current := state.current):
        speed = state.images_per_second
        facts = [current.phase, tr("{speed:,.0f} images/s", speed=speed) if speed else "", state.device]
        title = current.plan.title
        if state.trial:
            title = f"{state.trial}, {title.removeprefix(f'trial {current.plan.trial}: ')}"  # not shown
        return f"{title}: {' · '.join(filter(None, facts))}"
    finished = sum(stage.done_fraction >= 1 for stage in state.stages.values())
    return (
        tr("{finished} of {counted} finished", finished=finished, counted=counted(len(state.stages), "stage"))
        if state.stages
        else ""
    )
