"""Editors of one declared field each: choices, switches, whole and real numbers, text, sets of choices, tables."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QLineEdit, QSpinBox, QWidget

from engine.contract.automatic import AUTO
from engine.language.speech import mark, number_text, tr
from ui.form.calm_fields import CalmComboBox, CalmSpinBox, StudyLine

LARGEST_WHOLE = 1_000_000
AUTOMATIC = mark("automatic")
BOXES_PER_ROW = 2
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class FieldEditor(QObject):
    """A widget with a value."""

    changed = Signal()
    lost = Signal(str)
    """Why the model has not what was typed in a part of the editor that is gone now."""
    refusal = ""
    """Why what is shown is no value, where the editor itself knows."""
    has_last_valid_value = False
    """Whether `value` is the last valid one while what is shown is refused."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.widget = widget

    def explain(self, zero: str, empty: str) -> None:
        """Show what a value of zero, or an empty field, means, such as "all"; empty where it means itself."""

    def value(self) -> object:
        """What is shown, for the field's own validation to judge."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a valid value."""
        raise NotImplementedError


class ChoiceEditor(FieldEditor):
    """One of some values."""

    widget: QComboBox

    def __init__(self, choices: Sequence[object], names: Mapping[str, str] = MappingProxyType({})) -> None:
        """
        Args:
            names: what the choices are called, where that is not their key.
        """
        super().__init__(CalmComboBox())
        for choice in choices:
            self.widget.addItem(tr(names.get(str(choice), str(choice).replace("_", " "))), choice)
        self.widget.currentIndexChanged.connect(self.changed)

    def value(self) -> object:
        return self.widget.currentData()

    def set_value(self, value: Any) -> None:
        self.widget.setCurrentIndex(self.widget.findData(value))


class SwitchEditor(FieldEditor):
    """Yes or no."""

    widget: QCheckBox

    def __init__(self) -> None:
        super().__init__(QCheckBox())
        self.widget.toggled.connect(self.changed)

    def value(self) -> bool:
        return self.widget.isChecked()

    def set_value(self, value: Any) -> None:
        self.widget.setChecked(bool(value))


class WholeNumberEditor(FieldEditor):
    """A whole number in its range."""

    widget: QSpinBox | QDoubleSpinBox

    def __init__(self, minimum: int = 0, maximum: int = LARGEST_WHOLE) -> None:
        spin = CalmSpinBox()
        spin.setRange(minimum, maximum)
        super().__init__(spin)
        spin.valueChanged.connect(self.changed)

    def explain(self, zero: str, empty: str) -> None:
        if zero and self.widget.minimum() == 0:
            self.widget.setSpecialValueText(f"0 = {zero}")

    def value(self) -> object:
        return self.widget.value()

    def set_value(self, value: Any) -> None:
        self.widget.setValue(value)


class AutomaticWholeNumberEditor(WholeNumberEditor):
    """A whole number in its range, or "automatic": below the smallest number, or where the field is emptied."""

    def __init__(self, minimum: int, maximum: int) -> None:
        super().__init__(minimum - 1, maximum)
        self.widget.setSpecialValueText(tr(AUTOMATIC))

    def explain(self, zero: str, empty: str) -> None:
        """The place of the special text is taken; the tool tip says what zero means."""

    def value(self) -> object:
        number = self.widget.value()
        return AUTO if number == self.widget.minimum() else number

    def set_value(self, value: Any) -> None:
        super().set_value(self.widget.minimum() if value is None else value)


class _LineEditor(FieldEditor):
    """A line of text, whatever it stands for."""

    widget: QLineEdit

    def __init__(self) -> None:
        super().__init__(StudyLine())
        self.widget.textEdited.connect(self.changed)

    def value(self) -> object:
        return self.typed

    @property
    def typed(self) -> str:
        return self.widget.text().strip()

    def set_value(self, value: Any) -> None:
        text = self.as_text(value)
        if self.widget.text() != text:
            self.widget.setText(text)

    def as_text(self, value: Any) -> str:
        return str(value)

    def explain(self, zero: str, empty: str) -> None:
        self.widget.setPlaceholderText(empty)


class TextEditor(_LineEditor):
    """Text."""


class RealNumberEditor(_LineEditor):
    """A line for a number such as 1e-3: a spin box of fixed digits would round it."""

    def __init__(self) -> None:
        super().__init__()
        self._zero = ""

    @property
    def refusal(self) -> str:  # type: ignore[override]
        """A comma may stand between thousands, or before decimals: it is read where the language says which."""
        if "," in self.typed and QLocale().decimalPoint() != ",":
            return tr('"{typed}" has a comma; use a decimal point, such as 0.5.', typed=self.typed)
        return ""

    def explain(self, zero: str, empty: str) -> None:
        super().explain(zero, empty)
        self._zero = zero

    def value(self) -> str:
        return self.typed.split("=")[0].strip().replace(",", ".")

    def as_text(self, value: Any) -> str:
        return f"0 = {self._zero}" if self._zero and value == 0 else number_text(f"{value:.12g}")

    def set_value(self, value: Any) -> None:
        # A line that means this number already is left as it is typed.
        try:
            same = float(self.value()) == value
        except ValueError:
            same = False
        if not same:
            super().set_value(value)


class AutomaticRealNumberEditor(RealNumberEditor):
    """A line for a number, or "automatic", which is what an empty line means too."""

    def __init__(self) -> None:
        super().__init__()
        self.widget.setPlaceholderText(tr(AUTOMATIC))
        self.widget.editingFinished.connect(self._write_out)

    def explain(self, zero: str, empty: str) -> None:
        """The place-holder says what an empty line means."""

    def value(self) -> str:
        return AUTO if _means_automatic(self.typed) else super().value()

    def as_text(self, value: Any) -> str:
        return tr(AUTOMATIC) if value is None else super().as_text(value)

    def set_value(self, value: Any) -> None:
        if value is not None or self.value() != AUTO:
            super().set_value(value)
        elif not self.widget.hasFocus():
            self._write_out()

    def _write_out(self) -> None:
        if self.value() == AUTO:
            self.widget.setText(tr(AUTOMATIC))


def _means_automatic(typed: str) -> bool:
    """A beginning of the word in the window's language, or in English as in a recipe; also nothing at all."""
    return any(word.lower().startswith(typed.lower()) for word in (tr(AUTOMATIC), AUTOMATIC))


class WholeNumbersEditor(_LineEditor):
    """Some whole numbers, such as "1, 2, 20, 30"."""

    def value(self) -> list[str]:
        return self.typed.replace(",", " ").split()

    def as_text(self, value: Any) -> str:
        return ", ".join(map(str, value))

    def set_value(self, value: Any) -> None:
        # A line that already means these numbers is left as it is typed.
        if self.value() != [str(number) for number in value]:
            super().set_value(value)


class TableEditor(_LineEditor):
    """A table or list as in a recipe, such as { macs = 0.5 }, for parameters that are too rich for one widget.

    JSON is read too.
    """

    def value(self) -> object:
        if not self.typed:
            return None
        for read in (_read_toml, json.loads):
            try:
                return read(self.typed)
            except ValueError:
                continue
        return self.typed

    def as_text(self, value: Any) -> str:
        plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
        if plain is None or plain == {}:
            return ""
        return _inline(plain)


def _read_toml(text: str) -> object:
    if "\n" in text:
        raise ValueError("more than one line")  # not shown
    return tomllib.loads(f"value = {text}")["value"]  # not shown


def _inline(value: Any) -> str:
    """A value as TOML has it within a line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(str(key))} = {_inline(one)}" for key, one in value.items() if one is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, default=str, ensure_ascii=False)


def _key(text: str) -> str:
    return text if BARE_KEY.fullmatch(text) else json.dumps(text, ensure_ascii=False)


class SeveralEditor(FieldEditor):
    """Check boxes, one per choice; the value is a tuple in the order of the choices."""

    def __init__(self, choices: list[str], names: Mapping[str, str] = MappingProxyType({})) -> None:
        """
        Args:
            names: what the choices are called, where that is not their key.
        """
        super().__init__(QWidget())
        layout = QGridLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._boxes = {choice: QCheckBox(tr(names.get(choice, choice.replace("_", " ")))) for choice in choices}
        for place, box in enumerate(self._boxes.values()):
            layout.addWidget(box, *divmod(place, BOXES_PER_ROW))
            box.toggled.connect(self.changed)
        layout.setColumnStretch(BOXES_PER_ROW, 1)

    def name_boxes(self, name: str) -> None:
        """Give the boxes object names for tests and screen readers, such as "training.augment.hflip"."""
        for choice, box in self._boxes.items():
            box.setObjectName(f"{name}.{choice}")
            box.setAccessibleName(box.text())

    def value(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._boxes.items() if box.isChecked())

    def set_value(self, value: Any) -> None:
        for name, box in self._boxes.items():
            box.setChecked(name in value)
