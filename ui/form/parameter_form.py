"""A form made from a declared model: one widget a field, with its title, range, unit and explanation."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from ui.form.field_editor import FieldEditor, editor_for


class ParameterForm(QWidget):
    """Edits a frozen pydantic model; tells of each change that makes a valid one."""

    changed = Signal(object)
    """The new model."""
    refused = Signal(str)
    """Why what is shown is no valid model; empty once it is again."""

    def __init__(self, model: BaseModel, fields: tuple[str, ...], prefix: str, parent: QWidget | None = None) -> None:
        """
        Args:
            fields: which of the model's fields to show, in order.
            prefix: of the editors' object names, such as "training" in "training.epochs".
        """
        super().__init__(parent)
        self._model = model
        self._filling = False
        self._editors: dict[str, FieldEditor] = {}
        self._layout = QFormLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        schema = type(model).model_json_schema()["properties"]
        for name in fields:
            editor = editor_for(type(model).model_fields[name], schema[name], f"{prefix}.{name}")
            editor.changed.connect(self._on_changed)
            self._editors[name] = editor
            self._layout.addRow(editor.title, editor.widget)
        self._fill()

    def model(self) -> BaseModel:
        """The last valid model."""
        return self._model

    def set_model(self, model: BaseModel) -> None:
        """Show another model of the same type; does not count as a change."""
        if model != self._model:
            self._model = model
            self._fill()

    def _fill(self) -> None:
        self._filling = True
        for name, editor in self._editors.items():
            editor.set_value(getattr(self._model, name))
        self._filling = False
        self._show_what_matters()

    def _on_changed(self) -> None:
        if self._filling:
            return
        values = self._model.model_dump() | {name: editor.value() for name, editor in self._editors.items()}
        try:
            model = type(self._model).model_validate(values)
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            self.refused.emit(message[:1].upper() + message[1:] + ".")
            return
        self.refused.emit("")
        if model != self._model:
            self._model = model
            self._show_what_matters()
            self.changed.emit(model)

    def _show_what_matters(self) -> None:
        """Hide the fields that have no meaning with the others' values."""
        for name, editor in self._editors.items():
            conditions: dict[str, list[Any]] = editor.shown_for
            shown = all(getattr(self._model, other) in allowed for other, allowed in conditions.items())
            self._layout.setRowVisible(self._editors[name].widget, shown)
