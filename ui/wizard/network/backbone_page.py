"""Page 3: the network and how it is trained, with its parameters and arithmetic at this image size."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QGroupBox, QVBoxLayout, QWidget

from engine.backbones.backbone import ARCHITECTURES, BACKBONES, backbone_options, full_size_parameters
from engine.chain.preflight import errors
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.findings import Finding, Severity
from engine.contract.training_settings import TrainingSettings
from engine.language.speech import tr
from ui.form.declared_field import WIDEST_PIXELS
from ui.form.options_form import OptionsForm
from ui.form.parameter_form import ParameterForm
from ui.form.tab_order import set_tab_order
from ui.message_bar import MessageBar
from ui.side_by_side import SideBySide
from ui.wizard.draft_page import DraftPage, not_kept
from ui.wizard.network.augmentation_panel import AugmentationPanel
from ui.wizard.network.backbone_list import BackboneList
from ui.wizard.network.network_figures import NetworkFigures
from ui.wizard.network.rate_button import RateButton
from ui.wizard.network.training_presets import TrainingPresetChoice
from ui.wizard.network.weights_chooser import WeightsChooser
from ui.wizard.recipe_draft import RecipeDraft

NETWORK_FIELDS = ("width", "head", "output", "freeze_base")
TRAINING_FIELDS = tuple(name for name in TrainingSettings.model_fields if name != "augment")
"""The augmentations have pictures of their own."""
USUAL_WIDTHS = ((3_600_000, 1.0), (10_000_000, 0.5))
"""(most parameters of the backbone at full width, the width that it begins with)."""
MIN_USUAL_WIDTH = 0.25
SHOWN_PLACES = ("images", "backbone", "training")
"""Of the pre-flight's findings: those that this page can mend, or that keep its figures from being computed."""


def usual_width(key: str) -> float:
    """What a backbone begins with: wide enough to learn, and small enough to train on a laptop."""
    parameters = full_size_parameters(key) if key in BACKBONES else 0
    return next((width for most, width in USUAL_WIDTHS if parameters <= most), MIN_USUAL_WIDTH)


class BackbonePage(DraftPage):
    """Architecture, width, head, weights, and training."""

    guide = "weights.md"

    def __init__(self, draft: RecipeDraft, runs_directory: Path) -> None:
        what_to_do = tr("Choose the network that is trained first and then compressed; width scales all of its layers.")
        super().__init__(draft, what_to_do)
        self._kind = BackboneList("backbone.kind", lambda: (draft.recipe, draft.class_count))
        self._form = ParameterForm(draft.recipe.backbone, NETWORK_FIELDS, "backbone")
        self._options = OptionsForm("backbone.options")
        self._weights = WeightsChooser(runs_directory)
        self._training = ParameterForm(draft.recipe.training, TRAINING_FIELDS, "training")
        self._preset = TrainingPresetChoice()
        self._augmentation = AugmentationPanel(draft)
        self._find_rate = RateButton(runs_directory)
        self._figures = NetworkFigures()
        self._message = MessageBar("backbone.message")
        self._lost = ""
        """Says which text was not kept, until something else is changed."""
        self._lay_out()
        self._kind.currentIndexChanged.connect(self._on_edited)
        self._form.changed.connect(self._on_edited)
        self._options.changed.connect(self._on_edited)
        self._weights.edited.connect(self._on_edited)
        self._training.changed.connect(lambda training: draft.change(training=training))
        self._preset.chosen.connect(lambda training: draft.change(training=training))
        self._augmentation.changed.connect(self._on_augmented)
        self._find_rate.chosen.connect(lambda training: draft.change(training=training))
        for form in (self._form, self._options, self._training):
            form.refused.connect(self._show_findings)
        for form in (self._form, self._training):
            form.lost.connect(self._on_lost)

    def set_runs_directory(self, path: Path) -> None:
        """Where earlier networks are looked for."""
        self._weights.runs_directory = path
        self._find_rate.runs_directory = path

    def shut_down(self) -> None:
        """End the threads of the page's parts."""
        for part in (self._weights, self._figures, self._augmentation, self._find_rate):
            part.shut_down()

    @property
    def refusal(self) -> str:
        return " ".join(filter(None, (form.refusal for form in (self._form, self._options, self._training))))

    def discard_refused(self) -> None:
        for form in (self._form, self._options, self._training):
            form.discard_refused()

    def waits_for(self) -> str:
        if self.refusal:
            return tr("A setting is not valid yet; the message says which.")
        wrong = errors(self._findings())
        if wrong and all(one.where.startswith("training.augment") for one in wrong):
            return tr("The images cannot be augmented so; the message under Augmentation says why.")
        return tr("This network cannot be trained; the message says why.") if wrong else ""

    def _lay_out(self) -> None:
        network = QGroupBox(tr("Network"))
        rows = self._form.rows
        rows.insertRow(0, tr("Backbone"), self._kind)
        rows.insertRow(1, tr("Its options"), self._options)
        rows.addRow(tr("Weights"), self._weights)
        QVBoxLayout(network).addWidget(self._form)
        below_rate = self._training.rows.getWidgetPosition(self._rate_editor())[0] + 1  # type: ignore[index]
        self._training.rows.insertRow(below_rate, "", self._find_rate)
        training = QGroupBox(tr("Training of the baseline"))
        inside = QVBoxLayout(training)
        self._training.rows.insertRow(0, tr("Preset"), self._preset)
        inside.addWidget(self._training)
        inside.addStretch()
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.addWidget(network)
        left.addWidget(self._message)
        left.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addWidget(self._figures)
        layout.addWidget(SideBySide(side, training))
        layout.addWidget(self._augmentation)
        layout.addStretch(1)
        for widget in (self._kind, self._options, self._weights, self._preset, self._find_rate):
            widget.setMaximumWidth(WIDEST_PIXELS)
        self._set_tab_order()

    def _set_tab_order(self) -> None:
        network = [self._kind, *self._options.editors(), *self._form.editors(), *self._weights.editors()]
        training = self._training.editors()
        training.insert(training.index(self._rate_editor()) + 1, self._find_rate)
        set_tab_order([*network, self._preset, *training, *self._augmentation.editors()])

    def _rate_editor(self) -> QWidget:
        return next(one for one in self._training.editors() if one.objectName() == "training.learning_rate")

    def show_draft(self) -> None:
        backbone = self._draft.recipe.backbone
        self._lost = ""
        self._kind.show_kind(backbone.kind)
        if backbone.kind in ARCHITECTURES:
            self._lost = not_kept(self._options.show_options(backbone.kind, backbone_options(backbone)))
            self._form.rows.setRowVisible(self._options, bool(self._options.editors()))
            self._set_tab_order()
        self._form.set_model(backbone)
        self._weights.set_path(backbone.weights)
        self._weights.show_network(self._draft.recipe, self._draft.class_count)
        self._training.set_model(self._draft.recipe.training)
        self._preset.show_settings(self._draft.recipe.training)
        self._show_findings()

    def _on_lost(self, refusal: str) -> None:
        self._lost = not_kept(refusal)
        self._show_findings()

    def _findings(self) -> tuple[Finding, ...]:
        return tuple(
            finding
            for finding in self._draft.findings
            if finding.where.startswith(SHOWN_PLACES) and finding.severity is not Severity.NOTE
        )

    def _show_findings(self, *_: object) -> None:
        found = self._findings()
        of_augment = [finding for finding in found if finding.where.startswith("training.augment")]
        self._augmentation.show_draft(of_augment)
        findings = () if self.refusal else tuple(finding for finding in found if finding not in of_augment)
        self._figures.show_network(self._draft.recipe, self._draft.class_count)
        untrained = "" if self._draft.recipe.training.train else tr("The baseline is not trained.")
        self._find_rate.show_recipe(self._draft.recipe, self.waits_for() or untrained)
        wrong = [self.refusal] if self.refusal else [finding.message for finding in errors(findings) or findings]
        self._message.say(
            "\n".join(filter(None, (self._lost, *wrong))),
            "error" if self.refusal or errors(findings) else "warning",
        )
        self.say_whether_complete()

    def _on_augmented(self, names: tuple[str, ...]) -> None:
        self._draft.change(training=self._draft.recipe.training.model_copy(update={"augment": names}))

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, BackboneSettings)
        kind, before = str(self._kind.currentData()), self._draft.recipe.backbone
        if kind != before.kind and before.width == usual_width(before.kind):
            form = form.model_copy(update={"width": usual_width(kind)})
        update = {"kind": kind, "weights": self._weights.path(), "options": self._options.options_of(kind)}
        self._draft.change(backbone=BackboneSettings.model_validate(form.model_dump() | update))
