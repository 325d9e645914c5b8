"""Page 3: the network and how it is trained, with its parameters and arithmetic at this image size."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
    QWizardPage,
)

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.errors import NutshellError
from engine.contract.recipe import BackboneSettings
from engine.imaging.pipeline import network_input_shape
from ui.form.parameter_form import ParameterForm
from ui.message_bar import MessageBar
from ui.wizard.recipe_draft import RecipeDraft
from workers.dataset_scan import ScanResult

TRAINING_FIELDS = (
    "epochs",
    "batch_size",
    "optimizer",
    "learning_rate",
    "head_learning_rate",
    "weight_decay",
    "schedule",
    "augment",
)


class BackbonePage(QWizardPage):
    """Architecture, width, head, weights, and training."""

    def __init__(self, draft: RecipeDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle("Network and training")
        self.setSubTitle(
            "Choose the network that is trained first and then compressed; width scales all of its layers."
        )
        self._draft = draft
        self._classes = 2
        self._usable = True
        self._kind = QComboBox(objectName="backbone.kind", accessibleName="Backbone")
        for key in BACKBONES:
            self._kind.addItem(f"{BACKBONES[key].title} ({BACKBONES[key].paper})", key)
        self._form = ParameterForm(draft.recipe.backbone, ("width", "head", "output", "freeze_base"), "backbone")
        self._weights = QLineEdit(objectName="backbone.weights", placeholderText="none: random weights")
        self._weights.setAccessibleName("Weights file")
        self._browse = QPushButton("Browse…")
        self._training = ParameterForm(draft.recipe.training, TRAINING_FIELDS, "training")
        self._figures = {
            name: QLabel(objectName=f"backbone.{name}") for name in ("parameters", "trainable", "macs", "input")
        }
        self._message = MessageBar("backbone.message")
        self._lay_out()
        self._show_draft()
        draft.changed.connect(self._show_draft)
        self._kind.currentIndexChanged.connect(self._on_edited)
        self._form.changed.connect(self._on_edited)
        self._weights.editingFinished.connect(self._on_edited)
        self._browse.clicked.connect(self._on_browse)
        self._training.changed.connect(lambda training: draft.change(training=training))
        for form in (self._form, self._training):
            form.refused.connect(self._message.say)

    def isComplete(self) -> bool:
        return self._usable

    def set_scanned(self, result: ScanResult | None) -> None:
        """The images that the network is for."""
        if result is not None:
            self._classes = len(result.classes)
            self._show_figures()

    def _lay_out(self) -> None:
        weights = QHBoxLayout()
        weights.addWidget(self._weights, 1)
        weights.addWidget(self._browse)
        network = QGroupBox("Network")
        form = QFormLayout()
        form.addRow("Backbone", self._kind)
        inner = QVBoxLayout(network)
        inner.addLayout(form)
        inner.addWidget(self._form)
        more = QFormLayout()
        more.addRow("Weights", weights)
        inner.addLayout(more)
        panel = QFrame()
        panel.setProperty("role", "panel")
        figures = QFormLayout(panel)
        for name, title in (
            ("input", "Fed with"),
            ("parameters", "Parameters"),
            ("trainable", "Trainable parameters"),
            ("macs", "Multiply-accumulates an image"),
        ):
            self._figures[name].setProperty("role", "figure")
            figures.addRow(title, self._figures[name])
        training = QGroupBox("Training of the baseline")
        QVBoxLayout(training).addWidget(self._training)
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(network)
        left.addWidget(panel)
        left.addWidget(self._message)
        left.addStretch()
        right.addWidget(training)
        right.addStretch()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(9, 6, 9, 6)
        layout.addLayout(left, 1)
        layout.addLayout(right, 1)

    def _show_draft(self) -> None:
        backbone = self._draft.recipe.backbone
        self._kind.blockSignals(True)
        self._kind.setCurrentIndex(self._kind.findData(backbone.kind))
        self._kind.blockSignals(False)
        self._form.set_model(backbone)
        self._weights.setText(backbone.weights)
        self._training.set_model(self._draft.recipe.training)
        self._show_figures()

    def _show_figures(self) -> None:
        recipe = self._draft.recipe
        try:
            shape = network_input_shape(recipe.images)
            graph = layer_graph(recipe.backbone, shape, self._classes)
        except NutshellError as error:
            for label in self._figures.values():
                label.setText("–")
            self._set_usable(False, str(error))
            return
        self._figures["input"].setText(f"{shape[0]}×{shape[1]}, {shape[2]} channels")
        self._figures["parameters"].setText(f"{graph.parameters:,}")
        self._figures["trainable"].setText(f"{graph.trainable_parameters(recipe.backbone.freeze_base):,}")
        self._figures["macs"].setText(f"{graph.macs / 1e6:,.1f} million")
        self._set_usable(True, "")

    def _on_edited(self, *_: object) -> None:
        form = self._form.model()
        assert isinstance(form, BackboneSettings)
        update = {"kind": str(self._kind.currentData()), "weights": self._weights.text()}
        self._draft.change(backbone=form.model_copy(update=update))

    def _on_browse(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Keras weights", self._weights.text(), "Keras (*.h5 *.keras)")
        if path:
            self._weights.setText(path)
            self._on_edited()

    def _set_usable(self, usable: bool, message: str) -> None:
        self._message.say(message)
        if usable != self._usable:
            self._usable = usable
            self.completeChanged.emit()
