"""What panels over predictions share: a variant is chosen, and its predictions are read beside the event loop."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.contract.measurements import VariantMeasurement
from engine.contract.progress import Progress
from engine.figures.variant_figures import baselines
from engine.language.speech import tr
from engine.store.prediction_file import Predictions
from engine.store.run_hashes import is_damaged
from ui.dashboard.panel import Panel
from ui.flow_layout import FlowLayout
from ui.form.calm_fields import CalmComboBox
from ui.message_bar import MessageBar
from ui.shown_run import ShownRun
from ui.theme import Theme
from workers.latest_call import LatestCall


class PredictionPanel(Panel):
    """One variant beside its baseline; its tab comes with the first variant whose predictions are kept."""

    offers_baseline = True
    """Whether a baseline can be chosen too."""

    def __init__(self, theme: Theme, settings: QSettings | None = None) -> None:
        super().__init__(theme, settings)
        self._theme = theme
        self._directory: Path | None = None
        self._variants: dict[str, VariantMeasurement] = {}
        """Those whose predictions are kept."""
        self._asked: tuple[str, int] | None = None
        self.predictions: Predictions | None = None
        self.choice = CalmComboBox(objectName=f"dashboard.{self.key}.variant", accessibleName=tr("Variant"))
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._choices = QWidget()
        self._line = FlowLayout(self._choices)
        self.add_choice(tr("Variant"), self.choice)
        self._message = MessageBar(f"dashboard.{self.key}.message")
        self.content = QVBoxLayout(self)
        self.content.addWidget(self._choices)
        self.content.addWidget(self._message)
        self._call = LatestCall(f"predictions-{self.key}", self)
        self._call.succeeded.connect(self._on_read)
        self._call.failed.connect(self._message.say)
        self.choice.currentIndexChanged.connect(self._request)

    def add_choice(self, title: str, *widgets: QWidget) -> None:
        """Put something to choose into the line above, with its title."""
        together = QWidget()
        row = QHBoxLayout(together)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (QLabel(title), *widgets):
            row.addWidget(widget)
        self._line.addWidget(together)

    def show_predictions(self, predictions: Predictions, variant: VariantMeasurement, baseline: str) -> None:
        """Draw a variant's; `baseline` is the name of the one that it is compared with."""
        raise NotImplementedError

    def show_state(self, state: ShownRun) -> None:
        self._directory = state.directory
        kept = {name: one for name, one in state.variants.items() if one.predictions}
        if kept == self._variants:
            return
        self._variants = kept
        # What learnt other images has no baseline that knows them.
        offered = [name for name, one in kept.items() if self.offers_baseline or (one.steps and not one.dataset)]
        chosen = self.choice.currentText()
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(offered)
        self.choice.setCurrentIndex(max(self.choice.findText(chosen), 0 if offered else -1))
        self.choice.blockSignals(False)
        self.filled.emit(bool(offered))
        self._request()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._show()

    def shut_down(self) -> None:
        self._call.shut_down()

    @property
    def variant(self) -> VariantMeasurement | None:
        """The chosen one."""
        return self._variants.get(self.choice.currentText())

    def _request(self, *_: object) -> None:
        variant, directory = self.variant, self._directory
        if variant is None or directory is None:
            return
        alike = sum(one.predictions == variant.predictions for one in self._variants.values())
        asked = (variant.predictions, alike)
        if asked == self._asked and self.predictions is not None:
            self._show()
            return
        self._asked = asked
        self._call.request(lambda progress: _read(directory, variant.predictions, progress))

    def _on_read(self, predictions: Predictions) -> None:
        self.predictions = predictions
        self._message.say("")
        self._show()

    def _show(self) -> None:
        variant = self.variant
        if variant is None or self.predictions is None or variant.name not in self.predictions.variants:
            return
        ours = [one for one in self._variants.values() if one.predictions == variant.predictions]
        first = baselines(ours).get(variant.branch, variant).name
        self.show_predictions(self.predictions, variant, first)


def _read(directory: Path, file: str, progress: Progress) -> Predictions:
    progress.raise_if_cancelled()
    if is_damaged(directory, directory / file):
        raise OSError(
            tr(
                "{directory} is damaged; run the recipe again, which computes what is missing only.",
                directory=directory / file,
            )
        )
    return Predictions.read(directory / file)
