"""What compressing each layer alone costs: measured at the press of a button, and kept with the run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QSettings
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.contract.errors import NutshellError
from engine.contract.events import EngineEvent, Notice
from engine.contract.progress import Progress
from engine.contract.recipe_file import parse_recipe
from engine.contract.sensitivity import Sensitivity, SensitivityRequest
from engine.language.speech import mark, tr
from engine.store.sensitivity_file import kept_sensitivities
from ui.counts import counted
from ui.dashboard.measuring_bar import MeasuringBar
from ui.dashboard.panel import Panel
from ui.dashboard.sensitivity_plot import COST_FIGURES, SensitivityPlot
from ui.flow_layout import FlowLayout
from ui.form.calm_fields import CalmComboBox
from ui.message_bar import MessageBar
from ui.shown_run import ShownRun
from ui.theme import Theme
from workers.latest_call import LatestCall
from workers.process_outcome import Ending, ProcessOutcome
from workers.run_controller import RunController

MEASURE = mark("&Measure sensitivity")
WHY = mark("Compresses one layer at a time and measures what that costs on validation images, in about a minute.")
NOT_YET = mark("Not measured yet.")


class SensitivityPanel(Panel):
    """Its tab comes with the end of the run; the engine child is started by the button alone."""

    key: ClassVar[str] = "sensitivity"
    tab: ClassVar[str] = mark("Sensitivity")
    place: ClassVar[int] = 65

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._directory: Path | None = None
        self._recipe = ""
        self._variants: tuple[str, ...] = ()
        self._kept: dict[str, Sensitivity] = {}
        """Variant → what was measured last."""
        self._asked_of: Path | None = None
        self._engine = RunController(self)
        self._reader = LatestCall("sensitivity", self)
        self._variant, self._scheme, self._figure = (
            _choice(name, title)
            for name, title in (("variant", tr("Variant")), ("scheme", tr("Scheme")), ("figure", tr("Figure")))
        )
        self._figure.addItems([tr(one.title) for one in COST_FIGURES])
        self._bar = MeasuringBar("dashboard.sensitivity", tr(MEASURE), tr(WHY))
        self._message = MessageBar("dashboard.sensitivity.message")
        self._said = QLabel(f"{tr(NOT_YET)} {tr(WHY)}", objectName="dashboard.sensitivity.said", wordWrap=True)
        self.drawn = SensitivityPlot()
        self._lay_out()
        self._bar.begin_requested.connect(self._on_begin)
        self._bar.cancel_requested.connect(self._engine.cancel)
        self._engine.events.connect(self._on_events)
        self._engine.ended.connect(self._on_ended)
        self._reader.succeeded.connect(self._on_read)
        self._reader.failed.connect(self._message.say)
        self._variant.currentIndexChanged.connect(self._show_variant)
        for one in (self._scheme, self._figure):
            one.currentIndexChanged.connect(self._draw)
        self.set_theme(theme)

    def show_state(self, state: ShownRun) -> None:
        if state.result is None or state.started is None:
            return
        directory = state.directory or Path(state.started.directory)
        variants = tuple(state.variants)
        if (directory, variants) == (self._directory, self._variants):
            return
        self._directory, self._variants, self._recipe = directory, variants, state.started.recipe
        self._variant.blockSignals(True)
        self._variant.clear()
        self._variant.addItems(variants)
        self._variant.blockSignals(False)
        self.filled.emit(bool(variants))
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._read()

    def set_theme(self, theme: Theme) -> None:
        self.drawn.set_theme(theme)

    def shut_down(self) -> None:
        self._reader.shut_down()
        self._engine.shut_down()

    def _lay_out(self) -> None:
        choices = QWidget()
        line = FlowLayout(choices)
        for choice in (self._variant, self._scheme, self._figure):
            together = QWidget()
            row = QHBoxLayout(together)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(QLabel(choice.accessibleName()))
            row.addWidget(choice)
            line.addWidget(together)
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, 0, 0)
        for widget in (choices, self._bar, self._message, self._said):
            lines.addWidget(widget)
        lines.addWidget(self.drawn.plot, 1)
        # All of it scrolls: in a low window the lines alone take the whole height.
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)

    def _read(self) -> None:
        """Look once for what was measured earlier."""
        if self._directory is None or self._asked_of == self._directory:
            return
        self._asked_of = self._directory
        self._reader.request(partial(_kept, self._directory))

    def _on_read(self, kept: dict[str, Sensitivity]) -> None:
        self._kept = kept | self._kept
        self._show_variant()

    def _on_begin(self) -> None:
        assert self._directory is not None
        try:
            recipe = parse_recipe(self._recipe)
        except NutshellError as error:
            self._message.say(str(error))
            return
        self._message.say("")
        request = SensitivityRequest(directory=str(self._directory), variant=self._variant.currentText())
        self._variant.setEnabled(False)
        self._bar.begin()
        root = self._directory.parent.parent
        self._engine.start(recipe, root, task="sensitivity", sensitivity=request)

    def _on_events(self, events: list[EngineEvent]) -> None:
        for event in events:
            if isinstance(event, Notice):
                self._message.say(event.message, "warning" if event.severity == "warning" else "hint")
            self._bar.show_event(event)

    def _on_ended(self, outcome: ProcessOutcome) -> None:
        self._bar.end()
        self._variant.setEnabled(True)
        if outcome.sensitivity is None:
            self._message.say(outcome.message, "hint" if outcome.ending is Ending.CANCELLED else "error")
            return
        self._kept[outcome.sensitivity.variant] = outcome.sensitivity
        self._show_variant()

    def _show_variant(self, *_: object) -> None:
        """Offer the schemes that were measured, the chosen one first."""
        found = self._kept.get(self._variant.currentText())
        schemes = found.schemes if found else ()
        chosen = self._scheme.currentText()
        self._scheme.blockSignals(True)
        self._scheme.clear()
        self._scheme.addItems(schemes)
        self._scheme.setCurrentIndex(max(self._scheme.findText(chosen), 0 if schemes else -1))
        self._scheme.blockSignals(False)
        self._draw()

    def _draw(self, *_: object) -> None:
        found, scheme = self._kept.get(self._variant.currentText()), self._scheme.currentText()
        self.drawn.show(found, scheme, COST_FIGURES[max(self._figure.currentIndex(), 0)])
        self._said.setText(_said(found, scheme) if found else f"{tr(NOT_YET)} {tr(WHY)}")


def _kept(directory: Path, progress: Progress) -> dict[str, Sensitivity]:
    progress.raise_if_cancelled()
    newest_last = reversed(kept_sensitivities(directory))
    # One that was asked for a scheme alone does not hide one of all schemes.
    return {one.variant: one for one in sorted(newest_last, key=lambda one: len(one.schemes))}


def _choice(name: str, title: str) -> CalmComboBox:
    choice = CalmComboBox(objectName=f"dashboard.sensitivity.{name}", accessibleName=title)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return choice


def _said(found: Sensitivity, scheme: str) -> str:
    images, calibration = counted(found.images, "validation image"), counted(found.calibration_images, "training image")
    told = tr(
        "One layer at a time, the others in float32. {get}. Accuracy in float32 {accuracy:.3f} "
        "on {images}; ranges from {calibration}. The worst layer comes first.",
        get=found.scheme_titles.get(scheme, scheme),
        accuracy=found.accuracy,
        images=images,
        calibration=calibration,
    )
    return " ".join((told, *found.notes))
