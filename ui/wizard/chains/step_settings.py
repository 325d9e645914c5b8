"""The settings of one step, in a form made from its declaration."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGroupBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.step_parameters import StepParameters
from engine.language.speech import tr
from engine.workbench.step import STEPS
from ui.form.parameter_form import ParameterForm, TableEditors
from ui.message_bar import MessageBar
from ui.wizard.dataset.dataset_editor import DatasetEditor

TABLE_EDITORS: TableEditors = {DatasetSettings: DatasetEditor}
MIN_WIDTH = 260
NOWHERE = (-1, -1)


class StepSettings(QGroupBox):
    """What the step does, who described it, and its parameters."""

    changed = Signal(object)
    """The step's new parameters."""
    validity_changed = Signal()
    lost = Signal(str)
    """Why the chain has not what was typed in a form, or a part of one, that is gone now."""

    def __init__(self) -> None:
        super().__init__(tr("Settings of the step"))
        self._form: ParameterForm | None = None
        self._place = NOWHERE
        self._title = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._source = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._source.setProperty("role", "hint")
        self._message = MessageBar("steps.message")
        content = QWidget()
        self._content = QVBoxLayout(content)
        self._content.setContentsMargins(0, 0, 0, 0)
        for widget in (self._title, self._source, self._message):
            self._content.addWidget(widget)
        self._content.addStretch()
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        QVBoxLayout(self).addWidget(scroll)
        self.setMinimumWidth(MIN_WIDTH)

    @property
    def refusal(self) -> str:
        """Why the step has not what is shown; empty where it has."""
        return self._form.refusal if self._form is not None else ""

    def discard_refused(self) -> None:
        """Show the parameters instead of the refused values."""
        if self._form is not None:
            self._form.discard_refused()

    def show_nothing(self, sentence: str) -> None:
        """There is no step to set; the sentence says what to do."""
        self._drop_form()
        self._title.setText(sentence)
        self._source.hide()

    def show_step(self, parameters: StepParameters, place: tuple[int, int]) -> None:
        """Show a step.

        Args:
            place: (chain, step); the same place keeps the form, so that the user can go on typing. Only a text that was
                refused does not go on with a step that has become another there.
        """
        step = STEPS[parameters.step]
        self._title.setText(tr(step.summary))
        self._source.setText(step.paper)
        self._source.setVisible(bool(step.paper))
        if self._goes_on(parameters, place):
            return
        self._drop_form()
        fields = tuple(name for name in type(parameters).model_fields if name != "step")
        self._form = ParameterForm(parameters, fields, f"step.{parameters.step}", table_editors=TABLE_EDITORS)
        self._form.changed.connect(self.changed)
        self._form.refused.connect(self._on_refused)
        self._form.lost.connect(self.lost)
        self._content.insertWidget(self._content.indexOf(self._message), self._form)
        self._place = place

    def _goes_on(self, parameters: StepParameters, place: tuple[int, int]) -> bool:
        """Show the parameters in the form that is there, if it is theirs."""
        form = self._form
        if form is None or self._place != place or type(form.model()) is not type(parameters):
            return False
        if form.refusal and form.model() != parameters:
            return False
        form.set_model(parameters)
        return True

    def move_to(self, place: tuple[int, int]) -> None:
        """The step that is shown has this place now; its form goes with it."""
        self._place = place

    def forget_place(self) -> None:
        """The step that is shown is about to go: the next one at its place is another, with a form of its own."""
        self._place = NOWHERE

    def _drop_form(self) -> None:
        if self._form is None:
            return
        refusal = self._form.refusal
        self._content.removeWidget(self._form)
        # Out of the page at once: until it is deleted, it could still be found by name.
        self._form.hide()
        self._form.setParent(None)
        self._form.deleteLater()
        self._form = None
        self._message.say("")
        if refusal:
            self.lost.emit(refusal)
            self.validity_changed.emit()

    def _on_refused(self, sentence: str) -> None:
        self._message.say(sentence)
        self.validity_changed.emit()
