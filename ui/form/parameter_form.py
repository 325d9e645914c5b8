"""A form made from a declared model: one widget per field, with its title, range, unit and explanation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from pydantic import BaseModel, ValidationError
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from engine.contract.plain_faults import plain_fault
from ui.form.declared_field import DeclaredField, declared_field
from ui.form.field_editor import FieldEditor
from ui.form.more_settings import MoreSettings

WIDEST_LABEL = 150
TableEditors = Mapping[type[BaseModel], Callable[[str], FieldEditor]]
"""Type of a field that is a model itself → its editor, made from the object name."""


class ParameterForm(QWidget):
    """Edits a frozen pydantic model; tells of each change that makes a valid one."""

    changed = Signal(object)
    """The new model."""
    refused = Signal(str)
    """Why what is shown is no valid model; empty once it is again."""

    def __init__(
        self,
        model: BaseModel,
        fields: tuple[str, ...],
        prefix: str,
        parent: QWidget | None = None,
        table_editors: TableEditors | None = None,
        more: str = "",
    ) -> None:
        """
        Args:
            fields: which of the model's fields to show, in order.
            prefix: of the editors' object names, such as "training" in "training.epochs".
            table_editors: of fields that are models themselves.
            more: the object name of the button that shows the advanced fields; by default the prefix with ".more".
        """
        super().__init__(parent)
        self._model = model
        self._filling = False
        self._left_out: frozenset[str] = frozenset()
        self._refusal = ""
        self._fields: dict[str, DeclaredField] = {}
        self.rows = QFormLayout(self)
        """The rows; a page may put one of its own among them."""
        self.rows.setContentsMargins(0, 0, 0, 0)
        self._more = MoreSettings(more or f"{prefix}.more")
        self._more.toggled.connect(self._show_what_matters)
        schema = type(model).model_json_schema()["properties"]
        declared = {}
        for name in fields:
            make = (table_editors or {}).get(type(getattr(model, name)))
            own = make(f"{prefix}.{name}") if make else None
            declared[name] = declared_field(schema[name], f"{prefix}.{name}", own)
        for name, field in sorted(declared.items(), key=lambda item: item[1].advanced):
            if field.advanced and not self._has_more:
                self.rows.addRow(self._more)
            field.editor.changed.connect(self._on_changed)
            self._fields[name] = field
            if field.wide:
                self.rows.addRow(field.editor.widget)
            else:
                label = QLabel(field.title, toolTip=field.editor.widget.toolTip())
                if label.sizeHint().width() > WIDEST_LABEL:
                    # One long title would take the room of all the fields.
                    label.setWordWrap(True)
                    label.setFixedWidth(WIDEST_LABEL)
                label.setBuddy(field.editor.widget)
                self.rows.addRow(label, field.editor.widget)
        self._fill(self._fields)

    @property
    def _has_more(self) -> bool:
        return any(field.advanced for field in self._fields.values())

    @property
    def is_valid(self) -> bool:
        """Whether what is shown is the model."""
        return not self._refusal

    @property
    def refusal(self) -> str:
        """Why what is shown is no valid model; empty where it is."""
        return self._refusal

    def editors(self) -> list[QWidget]:
        """The editors' widgets, in their order, for the Tab key."""
        widgets = [field.editor.widget for field in self._fields.values()]
        if self._has_more:
            widgets.insert([field.advanced for field in self._fields.values()].index(True), self._more)
        return widgets

    def labels(self) -> list[QLabel]:
        """Those beside the editors, in their order."""
        found = (self.rows.labelForField(field.editor.widget) for field in self._fields.values())
        return [label for label in found if isinstance(label, QLabel)]

    def model(self) -> BaseModel:
        """The last valid model."""
        return self._model

    def set_model(self, model: BaseModel) -> None:
        """Show another model of the same type; does not count as a change.

        A field whose value stays is left as it is typed: half of "0.10", or a value that was refused.
        """
        changed = [name for name in self._fields if getattr(model, name) != getattr(self._model, name)]
        self._model = model
        self._fill(changed)
        if not self.is_valid:
            # What was refused may fit the other values now.
            QTimer.singleShot(0, self, self._on_changed)

    def discard_refused(self) -> None:
        """Show the model instead of the refused value."""
        if not self.is_valid:
            self._fill(self._fields)
            self._refuse("")

    def leave_out(self, names: Collection[str]) -> None:
        """Hide these fields whatever the others' values are."""
        self._left_out = frozenset(names)
        self._show_what_matters()

    def _fill(self, names: Iterable[str]) -> None:
        self._filling = True
        for name in names:
            self._fields[name].editor.set_value(getattr(self._model, name))
        self._filling = False
        self._show_what_matters()

    def _on_changed(self) -> None:
        if self._filling:
            return
        for field in self._fields.values():
            if field.editor.refusal:
                self._refuse(f"{field.title}: {field.editor.refusal}" if not field.wide else field.editor.refusal)
                return
        values = self._model.model_dump() | {name: field.editor.value() for name, field in self._fields.items()}
        try:
            model = type(self._model).model_validate(values)
        except ValidationError as error:
            self._refuse(self._sentence(error))
            return
        self._refuse("")
        if model != self._model:
            self._model = model
            self._show_what_matters()
            self.changed.emit(model)

    def _refuse(self, sentence: str) -> None:
        if sentence != self._refusal:
            self._refusal = sentence
            self.refused.emit(sentence)

    def _sentence(self, error: ValidationError) -> str:
        """Such as "Width: it has to be above 0." """
        fault = error.errors(include_url=False)[0]
        message = plain_fault(fault).removesuffix(".")
        name = str(fault["loc"][0]) if fault["loc"] else ""
        if name in self._fields:
            return f"{self._fields[name].title}: {message}."
        return f"{message[:1].upper()}{message[1:]}."

    def _show_what_matters(self) -> None:
        """Hide the fields that have no meaning with the others' values, and the advanced ones until asked for."""
        declared = type(self._model).model_fields
        changed = 0
        for name, field in self._fields.items():
            matters = all(getattr(self._model, other) in allowed for other, allowed in field.shown_for.items())
            shown = matters and name not in self._left_out
            self.rows.setRowVisible(field.editor.widget, shown and (self._more.isChecked() or not field.advanced))
            default = declared[name].get_default(call_default_factory=True)
            changed += field.advanced and shown and getattr(self._model, name) != default
        self._more.say_changed(changed)
