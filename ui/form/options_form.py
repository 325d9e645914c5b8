"""What one of several choices alone can be told, such as the chosen backbone, in a form made from its declaration."""

from __future__ import annotations

from pydantic import BaseModel
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.form.parameter_form import WIDEST_LABEL, ParameterForm


class OptionsForm(QWidget):
    """Holds the form of one choice at a time; nothing where that has no options."""

    changed = Signal()
    refused = Signal(str)
    """Why what is shown is no valid setting; empty once it is again, or is not shown any more."""

    def __init__(self, prefix: str, more: str = "") -> None:
        """
        Args:
            prefix, more: of `ParameterForm`.
        """
        super().__init__()
        self._prefix = prefix
        self._more = more
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

    def options_of(self, kind: str) -> BaseModel | None:
        """What is shown, if it is of the choice `kind` and not all as by default."""
        if self._form is None or kind != self._kind:
            return None
        options = self._form.model()
        return None if options == type(options)() else options

    def editors(self) -> list[QWidget]:
        """The editors' widgets, in their order."""
        return self._form.editors() if self._form is not None else []

    def align_with(self, around: ParameterForm) -> None:
        """Make its labels and those of the form that it stands in equally wide, so that the editors stand in line."""
        own = self._form.labels() if self._form is not None else []
        labels = [*own, *around.labels()]
        widths = (WIDEST_LABEL if label.wordWrap() else label.sizeHint().width() for label in labels)
        widest = max(widths) if own else 0
        for label in labels:
            if not label.wordWrap():  # Such a one has the greatest width.
                label.setMinimumWidth(widest)

    def show_options(self, kind: str, options: BaseModel) -> str:
        """Show the options of a choice; the same one keeps the form, so that typing in it goes on.

        Returns: why the study has not what was typed for another choice, which is gone now; empty where nothing is.
        """
        lost = ""
        if self._form is None or kind != self._kind:
            lost = self.refusal
            self._replace_form(kind, options)
        elif self._form.model() != options:
            self._form.set_model(options)
        return lost

    def _replace_form(self, kind: str, options: BaseModel) -> None:
        was_refused = bool(self.refusal)
        if self._form is not None:
            self._content.removeWidget(self._form)
            # Out of the page at once: until it is deleted, it could still be found by name.
            self._form.hide()
            self._form.setParent(None)
            self._form.deleteLater()
        self._kind, self._form = kind, None
        if fields := tuple(type(options).model_fields):
            self._form = ParameterForm(options, fields, self._prefix, more=self._more)
            self._form.changed.connect(self.changed)
            self._form.refused.connect(self.refused)
            self._content.addWidget(self._form)
        if was_refused:
            self.refused.emit("")
