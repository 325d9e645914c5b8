"""One editor widget for one declared field: choices, switches, whole and real numbers, text, sets of choices."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

LARGEST_WHOLE = 1_000_000
WIDEST_PIXELS = 320


class FieldEditor(QObject):
    """A widget with a value."""

    changed = Signal()

    def __init__(self, title: str, widget: QWidget, shown_for: dict[str, list[Any]]) -> None:
        super().__init__()
        self.title = title
        self.widget = widget
        self.shown_for = shown_for
        """Other field → values with which this one has a meaning."""

    def value(self) -> Any:
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        raise NotImplementedError


class _Choice(FieldEditor):
    widget: QComboBox

    def value(self) -> Any:
        return self.widget.currentData()

    def set_value(self, value: Any) -> None:
        self.widget.setCurrentIndex(self.widget.findData(value))


class _Switch(FieldEditor):
    widget: QCheckBox

    def value(self) -> bool:
        return self.widget.isChecked()

    def set_value(self, value: Any) -> None:
        self.widget.setChecked(bool(value))


class _Number(FieldEditor):
    widget: QSpinBox | QDoubleSpinBox

    def value(self) -> Any:
        return self.widget.value()

    def set_value(self, value: Any) -> None:
        self.widget.setValue(value)


class _RealNumber(FieldEditor):
    """A line for a number such as 1e-3: a spin box of fixed digits would round it."""

    widget: QLineEdit

    def value(self) -> Any:
        return self.widget.text().strip().replace(",", ".")

    def set_value(self, value: Any) -> None:
        if self.widget.text() != f"{value:g}":
            self.widget.setText(f"{value:g}")


class _Text(FieldEditor):
    widget: QLineEdit

    def value(self) -> str:
        return self.widget.text()

    def set_value(self, value: Any) -> None:
        if self.widget.text() != str(value):
            self.widget.setText(str(value))


class _Several(FieldEditor):
    """Check boxes, one a choice; the value is a tuple in the order of the choices."""

    def __init__(
        self, title: str, widget: QWidget, shown_for: dict[str, list[Any]], boxes: dict[str, QCheckBox]
    ) -> None:
        super().__init__(title, widget, shown_for)
        self._boxes = boxes

    def value(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._boxes.items() if box.isChecked())

    def set_value(self, value: Any) -> None:
        for name, box in self._boxes.items():
            box.setChecked(name in value)


def editor_for(field: FieldInfo, schema: dict[str, Any], name: str) -> FieldEditor:
    """The editor for a field, from its JSON Schema.

    Args:
        name: the object name that tests and screen readers find it by.
    """
    title = schema.get("title", name)
    if unit := schema.get("unit"):
        title = f"{title} ({unit})"
    editor = _make(title, schema, schema.get("shown_for", {}))
    editor.widget.setObjectName(name)
    editor.widget.setAccessibleName(title)
    editor.widget.setToolTip(field.description or "")
    editor.widget.setMaximumWidth(WIDEST_PIXELS)
    return editor


def _make(title: str, schema: dict[str, Any], shown_for: dict[str, list[Any]]) -> FieldEditor:
    kind = schema.get("type")
    if "enum" in schema or "const" in schema:
        return _choice(title, schema.get("enum", [schema.get("const")]), shown_for)
    if kind == "boolean":
        box = QCheckBox()
        switch = _Switch(title, box, shown_for)
        box.toggled.connect(switch.changed)
        return switch
    if kind == "integer":
        spin = QSpinBox()
        spin.setRange(int(schema.get("minimum", 0)), int(schema.get("maximum", LARGEST_WHOLE)))
        number = _Number(title, spin, shown_for)
        spin.valueChanged.connect(number.changed)
        return number
    if kind == "number":
        line = QLineEdit()
        real = _RealNumber(title, line, shown_for)
        line.textEdited.connect(real.changed)
        return real
    if kind == "array" and "enum" in schema.get("items", {}):
        return _several(title, schema["items"]["enum"], shown_for)
    line = QLineEdit()
    text = _Text(title, line, shown_for)
    line.textEdited.connect(text.changed)
    return text


def _choice(title: str, choices: list[Any], shown_for: dict[str, list[Any]]) -> FieldEditor:
    combo = QComboBox()
    for choice in choices:
        combo.addItem(str(choice).replace("_", " "), choice)
    editor = _Choice(title, combo, shown_for)
    combo.currentIndexChanged.connect(editor.changed)
    return editor


def _several(title: str, choices: list[str], shown_for: dict[str, list[Any]]) -> FieldEditor:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    boxes = {choice: QCheckBox(choice.replace("_", " ")) for choice in choices}
    editor = _Several(title, row, shown_for, boxes)
    for box in boxes.values():
        layout.addWidget(box)
        box.toggled.connect(editor.changed)
    layout.addStretch()
    return editor
