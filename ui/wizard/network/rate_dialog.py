"""Finds a learning rate: the curve as it grows, the suggestion, and a button that takes it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.contract.events import EngineEvent, Notice, PreparationProgress, RateSearchPhase, RateTried
from engine.contract.rate_curve import RateCurve, TriedRate, with_rate
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.language.speech import mark, tr
from ui.durations import duration_text
from ui.form.field_editor import RealNumberEditor
from ui.message_bar import MessageBar
from ui.theme import current_theme
from ui.wizard.network.rate_plot import RatePlot
from workers.process_outcome import Ending, ProcessOutcome
from workers.run_controller import RunController

SIZE = (680, 520)
NARROWEST = 420
RATE_PIXELS = 110
WHAT = mark(
    "Nutshell trains a copy of the network for a few batches while the learning rate rises, and looks where the loss "
    "falls fastest. Click the curve to choose another rate."
)

OUT_OF_RANGE = mark("A learning rate is a number above 0 and at most 10.")


class RateDialog(QDialog):
    """Searches from when it is opened; closing it cancels the search."""

    chosen = Signal(object)
    """The `TrainingSettings` with the chosen rate."""

    def __init__(
        self, recipe: Recipe, runs_directory: Path, search: RunController, parent: QWidget | None = None
    ) -> None:
        """
        Args:
            search: starts the engine child; it outlives the dialog, as the child takes a moment to end.
        """
        super().__init__(parent)
        self.setObjectName("rate")
        self.setWindowTitle(tr("Find the learning rate"))
        self.setMinimumWidth(NARROWEST)
        self.resize(*SIZE)
        self._training = recipe.training
        self._search: RunController | None = search
        """Until it has ended; it is deleted then."""
        self._tried: list[TriedRate] = []
        self._found: RateCurve | None = None
        self._notices: list[str] = []
        self._is_picked = False
        """Whether the user has chosen a rate: the suggestion leaves it alone then."""
        self._notice, self._message = MessageBar("rate.notice"), MessageBar("rate.message")
        self._curve = RatePlot(current_theme(), self)
        self._doing = QLabel(tr("Starting the engine…"), objectName="rate.doing")
        self._doing.setProperty("role", "hint")
        self._bar = QProgressBar(objectName="rate.progress", textVisible=False, maximum=0)
        self._bar.setAccessibleName(tr("Progress of the search"))
        self._rate = RealNumberEditor()
        self._rate.widget.setObjectName("rate.value")
        self._rate.widget.setAccessibleName(tr("Learning rate"))
        self._rate.widget.setMaximumWidth(RATE_PIXELS)
        self._refused = MessageBar("rate.refused")
        self._use = QPushButton(tr("&Use this rate"), objectName="rate.use", enabled=False, default=True)
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._curve.picked.connect(self._on_picked)
        self._rate.changed.connect(self._on_typed)
        self._use.clicked.connect(self._on_use)
        self._buttons.rejected.connect(self.reject)
        search.events.connect(self._on_events)
        search.ended.connect(self._on_ended)
        search.start(recipe, runs_directory, task="find_rate")

    @property
    def curve(self) -> RatePlot:
        return self._curve

    def done(self, result: int) -> None:
        """Close; what is still searched is cancelled."""
        if self._search is not None:
            self._search.events.disconnect(self._on_events)
            self._search.ended.disconnect(self._on_ended)
            self._search.cancel()
            self._search = None
        super().done(result)

    def _lay_out(self) -> None:
        label = QLabel(tr("&Learning rate"))
        label.setBuddy(self._rate.widget)
        foot = QHBoxLayout()
        for widget in (label, self._rate.widget, self._use):
            foot.addWidget(widget)
        foot.addStretch()
        foot.addWidget(self._buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(tr(WHAT), wordWrap=True))
        layout.addWidget(self._notice)
        layout.addWidget(self._curve.plot, 1)
        for widget in (self._doing, self._bar, self._message, self._refused):
            layout.addWidget(widget)
        layout.addLayout(foot)

    def _on_events(self, events: list[EngineEvent]) -> None:
        before = len(self._tried)
        for event in events:
            match event:
                case PreparationProgress():
                    self._tell(tr("Reading images"), event.done, event.total, event.seconds_left)
                case RateSearchPhase():
                    self._tell(event.phase[:1].upper() + event.phase[1:], 0, 0, None)
                case RateTried():
                    self._tried.append(event.tried)
                    self._tell(tr("Trying learning rates"), event.done, event.total, event.seconds_left)
                case Notice():
                    self._notices.append(event.message)
                    self._notice.say("\n".join(self._notices), "warning" if event.severity == "warning" else "hint")
                case _:
                    pass
        if len(self._tried) != before:
            self._curve.show_tried(self._tried)

    def _tell(self, what: str, done: int, total: int, seconds_left: float | None) -> None:
        counted = tr(": {done:,} of {total:,}", done=done, total=total) if total else "…"
        left = (
            tr(", {duration_text} left", duration_text=duration_text(seconds_left))
            if seconds_left is not None and total
            else ""
        )
        self._doing.setText(f"{what}{counted}{left}")
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    def _on_ended(self, outcome: ProcessOutcome) -> None:
        self._search = None
        self._bar.hide()
        self._doing.hide()
        self._buttons.setStandardButtons(QDialogButtonBox.StandardButton.Close)
        if outcome.curve is None:
            self._message.say(outcome.message, "hint" if outcome.ending is Ending.CANCELLED else "error")
            return
        self._show_result(outcome.curve)

    def _show_result(self, curve: RateCurve) -> None:
        self._found = curve
        self._curve.show_tried(curve.tried)
        self._curve.show_current(curve.current_rate)
        self._show_chosen()
        found = curve.suggestion
        if found is None:
            self._message.say(curve.remark, "warning")
            return
        self._curve.show_range(found)
        told = [
            tr(
                "Suggested: {rate:g}. From {low:g} to {high:g} is reasonable (shaded).",
                rate=found.rate,
                low=found.low,
                high=found.high,
            )
        ]
        if self._training.head_learning_rate:
            head = with_rate(self._training, found.rate, curve.head_rate_ratio).head_learning_rate
            told.append(tr("The head's rate keeps its ratio to it: {head:g}.", head=head))
        self._message.say(" ".join(filter(None, (*told, curve.remark))), "warning" if curve.remark else "good")
        if not self._is_picked:
            self._choose(found.rate)
            self._use.setFocus()

    def _on_picked(self, rate: float) -> None:
        self._is_picked = True
        self._choose(rate)

    def _choose(self, rate: float) -> None:
        self._rate.set_value(rate)
        self._show_chosen()

    def _on_typed(self) -> None:
        self._is_picked = True
        self._show_chosen()

    def _show_chosen(self) -> None:
        rate = self._valid_rate()
        self._use.setEnabled(rate is not None and self._found is not None)
        self._refused.say(tr(OUT_OF_RANGE) if rate is None and self._rate.value() else "")
        self._curve.mark(rate)

    def _valid_rate(self) -> float | None:
        """What is typed, where a recipe can have it."""
        try:
            typed = TrainingSettings.model_validate({"learning_rate": self._rate.value()})
        except ValidationError:
            return None
        return typed.learning_rate

    def _on_use(self) -> None:
        rate = self._valid_rate()
        if rate is not None and self._found is not None:
            self.chosen.emit(with_rate(self._training, rate, self._found.head_rate_ratio))
            self.accept()
