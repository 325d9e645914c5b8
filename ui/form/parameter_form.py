"""A form made from a declared model: one widget per field, with its title, range, unit and explanation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QWidget

from engine.contract.declared_properties import declared_properties
from engine.contract.plain_faults import plain_fault
from ui.form.declared_field import DeclaredField, declared_field
from ui.form.field_editor import FieldEditor
from ui.form.more_settings import MoreSettings

WIDEST_LABEL = 150
TableEditors = Mapping[type[BaseModel], Callable[[str], FieldEditor]]
"""Type of a field that is a model itself → its editor, made from the object name."""


class ParameterForm(QWidget):
    """Edits a frozen pydantic model; tells of each change that makes a valid one.

    A field whose value is refused keeps its last valid one in the model, so that the others' changes count.
    """

    changed = Signal(object)
    """The new model."""
    refused = Signal(str)
    """Why what is shown is no valid model; empty once it is again."""
    lost = Signal(str)
    """Why the model has not what was typed in a part of an editor that is gone now."""

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
        self._refused: dict[str, str] = {}
        """Field → why what it shows is not in the model; also of fields that are hidden."""
        self._refusal = ""
        self._before: dict[str, object] = {}
        """Field that is being typed in → its value before: half of a text that is refused is no value of the user's."""
        self._fields: dict[str, DeclaredField] = {}
        self.rows = QFormLayout(self)
        """The rows; a page may put one of its own among them."""
        self.rows.setContentsMargins(0, 0, 0, 0)
        self._more = MoreSettings(more or f"{prefix}.more")
        self._more.toggled.connect(self._show_what_matters)
        schema = declared_properties(type(model))
        declared = {}
        for name in fields:
            make = (table_editors or {}).get(type(getattr(model, name)))
            own = make(f"{prefix}.{name}") if make else None
            declared[name] = declared_field(schema[name], f"{prefix}.{name}", own)
        for name, field in sorted(declared.items(), key=lambda item: item[1].advanced):
            if field.advanced and not self._has_more:
                self.rows.addRow(self._more)
            field.editor.changed.connect(self._on_changed)
            field.editor.lost.connect(self.lost)
            if isinstance(field.editor.widget, QLineEdit):
                field.editor.widget.editingFinished.connect(partial(self._before.pop, name, None))
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
        replaced = [self._refused[name] for name in changed if name in self._refused]
        self._fill(changed)
        if replaced:
            self.lost.emit(" ".join(replaced))
        if self._refused:
            # What was refused may fit the other values now.
            QTimer.singleShot(0, self, self._on_changed)

    def discard_refused(self) -> None:
        """Show the model instead of the refused values."""
        self._fill(self._refused)
        self._tell({})

    def leave_out(self, names: Collection[str]) -> None:
        """Hide these fields whatever the others' values are."""
        self._left_out = frozenset(names)
        self._show_what_matters()
        self._tell(self._refused)

    def _fill(self, names: Iterable[str]) -> None:
        self._filling = True
        for name in names:
            self._before.pop(name, None)
            self._fields[name].editor.set_value(getattr(self._model, name))
        self._filling = False
        self._show_what_matters()

    def _on_changed(self) -> None:
        if self._filling:
            return
        model, refused = self._judged()
        model = self._without_halves(model, refused)
        changed, self._model = model != self._model, model
        if changed:
            self._show_what_matters()
        self._tell(refused)
        if changed:
            self.changed.emit(model)

    def _without_halves(self, model: BaseModel, refused: dict[str, str]) -> BaseModel:
        """The model in which a field that is refused has the value from before it was typed in."""
        for name in self._fields:
            if getattr(model, name) != getattr(self._model, name):
                self._before.setdefault(name, getattr(self._model, name))
        back = {name: self._before.pop(name) for name in refused if name in self._before}
        try:
            return type(model).model_validate(model.model_dump() | back) if back else model
        except ValidationError:
            return model

    def _judged(self) -> tuple[BaseModel, dict[str, str]]:
        """The model with every value that is shown and valid, and why the others are not: field → sentence."""
        refused, shown = {}, {}
        for name, field in self._fields.items():
            if refusal := field.editor.refusal:
                refused[name] = refusal if field.wide else f"{field.title}: {refusal}"
            if not refusal or field.editor.has_last_valid_value:
                shown[name] = field.editor.value()
        values = self._model.model_dump()
        while True:
            try:
                return type(self._model).model_validate(values | shown), refused
            except ValidationError as error:
                faulty = {name: why for name, why in self._faulty(error).items() if name in shown}
                if not faulty:
                    break
                refused |= faulty
                shown = {name: value for name, value in shown.items() if name not in faulty}
        # Each is valid by itself, and not all together: those that can join the model do, one after the other.
        model = self._model
        for name, value in shown.items():
            try:
                model = type(model).model_validate(model.model_dump() | {name: value})
            except ValidationError as error:
                refused[name] = self._sentence(error.errors(include_url=False)[0])
        return model, refused

    def _tell(self, refused: dict[str, str]) -> None:
        """Say what is refused; of a field that has no meaning now nothing, until it has one again."""
        self._refused = {name: refused[name] for name in self._fields if name in refused}
        refusal = " ".join(sentence for name, sentence in self._refused.items() if self._matters(name))
        if refusal != self._refusal:
            self._refusal = refusal
            self.refused.emit(refusal)

    def _faulty(self, error: ValidationError) -> dict[str, str]:
        """Field → what is wrong with it; the first fault of each."""
        faults = [fault for fault in error.errors(include_url=False) if fault["loc"]]
        return {str(fault["loc"][0]): self._sentence(fault) for fault in reversed(faults)}

    def _sentence(self, fault: ErrorDetails) -> str:
        """Such as "Width: it has to be above 0." """
        message = plain_fault(fault).removesuffix(".")
        name = str(fault["loc"][0]) if fault["loc"] else ""
        if name in self._fields:
            return f"{self._fields[name].title}: {message}."
        return f"{message[:1].upper()}{message[1:]}."

    def _matters(self, name: str) -> bool:
        """Whether a field has a meaning with the others' values."""
        meanings = self._fields[name].shown_for.items()
        return name not in self._left_out and all(getattr(self._model, other) in allowed for other, allowed in meanings)

    def _show_what_matters(self) -> None:
        """Hide the fields that have no meaning with the others' values, and the advanced ones until asked for."""
        declared = type(self._model).model_fields
        changed = 0
        for name, field in self._fields.items():
            shown = self._matters(name)
            self.rows.setRowVisible(field.editor.widget, shown and (self._more.isChecked() or not field.advanced))
            default = declared[name].get_default(call_default_factory=True)
            changed += field.advanced and shown and getattr(self._model, name) != default
        self._more.say_changed(changed)
