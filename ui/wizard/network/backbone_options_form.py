"""The options of the chosen backbone, in a form made from their declaration; nothing where it has none."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.backbones.backbone import backbone_options
from engine.contract.backbone_options import BackboneOptions
from engine.contract.backbone_settings import BackboneSettings
from ui.form.parameter_form import ParameterForm


class BackboneOptionsForm(QWidget):
    """Holds the form of one backbone at a time."""

    changed = Signal()
    refused = Signal(str)
    """Why what is shown is no valid setting; empty once it is again."""

    def __init__(self) -> None:
        super().__init__()
        self._kind = ""
        self._form: ParameterForm | None = None
        self._content = QVBoxLayout(self)
        self._content.setContentsMargins(0, 0, 0, 0)

    @property
    def refusal(self) -> str:
        """Why what is shown are no options; empty where they are."""
        return self._form.refusal if self._form is not None else ""

    def discard_refused(self) -> None:
        """Show the options in place of what was refused."""
        if self._form is not None:
            self._form.discard_refused()

    def options_of(self, kind: str) -> BackboneOptions | None:
        """What is shown, if it is of the backbone `kind`."""
        model = self._form.model() if self._form is not None and kind == self._kind else None
        return model if isinstance(model, BackboneOptions) else None

    def editors(self) -> list[QWidget]:
        """The editors' widgets, in their order."""
        return self._form.editors() if self._form is not None else []

    def show_options(self, settings: BackboneSettings) -> str:
        """Show a backbone's options; the same backbone keeps the form, so that typing in it goes on.

        Returns: why the study has not what was typed for another backbone, which is gone now; empty where nothing is.
        """
        options, lost = backbone_options(settings), ""
        if self._form is None or settings.kind != self._kind:
            lost = self.refusal
            self._replace_form(settings.kind, options)
        elif self._form.model() != options:
            self._form.set_model(options)
        return lost

    def _replace_form(self, kind: str, options: BackboneOptions) -> None:
        if self._form is not None:
            self._content.removeWidget(self._form)
            # Out of the page at once: until it is deleted, it could still be found by name.
            self._form.hide()
            self._form.setParent(None)
            self._form.deleteLater()
        self._kind, self._form = kind, None
        if fields := tuple(type(options).model_fields):
            self._form = ParameterForm(options, fields, "backbone.options")
            self._form.changed.connect(self.changed)
            self._form.refused.connect(self.refused)
            self._content.addWidget(self._form)
