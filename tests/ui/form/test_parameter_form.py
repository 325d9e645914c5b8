"""Any declared model becomes a form: the right editor for each kind of field, and only valid models come out."""

from __future__ import annotations

from typing import Literal, Self

import pytest
from pydantic import Field, model_validator
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from engine.contract.section import Section
from ui.form.field_editor import TableEditor
from ui.form.parameter_form import ParameterForm


class _Parameters(Section):
    """One field of each kind."""

    scheme: Literal["float16", "dynamic_range"] = Field("float16", title="Scheme", description="How it is stored.")
    share: float = Field(0.5, ge=0, lt=1, title="Share", description="Of all.")
    rate: float = Field(1e-3, gt=0, le=10, title="Rate", json_schema_extra={"unit": "per step"})
    count: int = Field(3, ge=1, le=9, title="Count", json_schema_extra={"shown_for": {"scheme": ["dynamic_range"]}})
    frozen: bool = Field(False, title="Frozen")
    name: str = Field("", title="Name")
    bands: tuple[Literal["LL", "HH"], ...] = Field(("LL",), title="Bands")
    layers: dict[str, str] = Field({"conv": "int8"}, title="Layers")
    epochs: int = Field(2, title="Epochs", json_schema_extra={"unit": "epochs"})
    steps: tuple[int, ...] = Field((), title="Steps", json_schema_extra={"advanced": True})


FIELDS = tuple(_Parameters.model_fields)


@pytest.fixture
def form(qtbot: QtBot) -> ParameterForm:
    form = ParameterForm(_Parameters(), FIELDS, "p")
    qtbot.addWidget(form)
    form.show()
    return form


def _child(form: ParameterForm, kind: type, name: str) -> QWidget:
    found = form.findChild(kind, f"p.{name}")
    assert found is not None
    return found


def _write(qtbot: QtBot, form: ParameterForm, name: str, text: str) -> None:
    line = _child(form, QLineEdit, name)
    line.selectAll()
    qtbot.keyClicks(line, text)


def test_every_kind_of_field_is_edited(qtbot: QtBot, form: ParameterForm) -> None:
    combo = _child(form, QComboBox, "scheme")
    combo.setCurrentIndex(combo.findData("dynamic_range"))
    _write(qtbot, form, "share", "0.25")
    _write(qtbot, form, "rate", "5e-4")
    _child(form, QSpinBox, "count").setValue(7)
    _child(form, QCheckBox, "frozen").click()
    _write(qtbot, form, "name", "x y")
    _child(form, QCheckBox, "bands.HH").click()
    _write(qtbot, form, "layers", '{"dense": "int4"}')
    assert form.model() == _Parameters(
        scheme="dynamic_range", share=0.25, rate=5e-4, count=7, frozen=True, name="x y", bands=("LL", "HH"),
        layers={"dense": "int4"},
    )  # fmt: skip


def test_a_model_is_shown_as_it_is(form: ParameterForm) -> None:
    changes: list[object] = []
    form.changed.connect(changes.append)
    model = _Parameters(share=0.123456789, rate=1.5e-7, bands=("HH",), layers={"a": "b"}, name="n")
    form.set_model(model)
    form._on_changed()
    assert form.model() == model
    assert changes == []


def test_a_comma_is_read_where_the_language_says_what_it_is(qtbot: QtBot, form: ParameterForm) -> None:
    said: list[str] = []
    form.refused.connect(said.append)
    _write(qtbot, form, "share", "0,75")
    assert "use a decimal point" in said[-1]
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German))
    try:
        _write(qtbot, form, "share", "0,5")
        assert form.model().share == 0.5  # type: ignore[attr-defined]
    finally:
        QLocale.setDefault(before)


def test_what_is_refused_is_said_once_and_taken_back(qtbot: QtBot, form: ParameterForm) -> None:
    said: list[str] = []
    form.refused.connect(said.append)
    _write(qtbot, form, "share", "1.5")
    assert not form.is_valid
    assert form.model() == _Parameters()
    _write(qtbot, form, "share", "0.5")
    assert form.is_valid
    assert said == ["Share: it has to be below 1.", ""]


def test_a_refused_text_stays_until_its_own_value_changes_or_it_is_discarded(qtbot: QtBot, form: ParameterForm) -> None:
    share = _child(form, QLineEdit, "share")
    _write(qtbot, form, "share", "many")
    form.set_model(_Parameters(name="another"))
    assert (share.text(), form.is_valid) == ("many", False)
    assert _child(form, QLineEdit, "name").text() == "another"
    form.set_model(_Parameters(name="another", share=0.25))
    qtbot.waitUntil(lambda: form.is_valid)
    assert share.text() == "0.25"
    _write(qtbot, form, "share", "many")
    form.discard_refused()
    assert (share.text(), form.is_valid) == ("0.25", True)


def test_valid_fields_count_while_another_is_refused(qtbot: QtBot, form: ParameterForm) -> None:
    told: list[object] = []
    form.changed.connect(told.append)
    _write(qtbot, form, "share", "1.5")
    _write(qtbot, form, "rate", "many")
    _write(qtbot, form, "name", "x")
    assert told == [_Parameters(name="x")] == [form.model()]
    assert form.refusal == "Share: it has to be below 1. Rate (per step): a number is needed."
    form.discard_refused()
    assert (form.model(), form.refusal) == (_Parameters(name="x"), "")


class _Pair(Section):
    """Two values that depend on each other, and one that has a meaning with a choice only."""

    first: float = Field(0.2, title="First")
    last: float = Field(0.8, title="Last")
    scheme: Literal["a", "b"] = Field("a", title="Scheme")
    share: float = Field(0.5, lt=1, title="Share", json_schema_extra={"shown_for": {"scheme": ["a"]}})

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.first >= self.last:
            raise ValueError("first has to be below last")
        return self


@pytest.fixture
def pair(qtbot: QtBot) -> ParameterForm:
    form = ParameterForm(_Pair(), tuple(_Pair.model_fields), "p")
    qtbot.addWidget(form)
    form.show()
    return form


def test_two_values_that_fit_only_together_are_taken_together(qtbot: QtBot, pair: ParameterForm) -> None:
    _write(qtbot, pair, "first", "0.9")
    assert pair.refusal == "First has to be below last."
    _child(pair, QComboBox, "scheme").setCurrentIndex(1)
    assert pair.model() == _Pair(scheme="b"), "what does not clash counts, and half of the number does not"
    _write(qtbot, pair, "last", "0.95")
    assert (pair.model(), pair.refusal) == (_Pair(first=0.9, last=0.95, scheme="b"), "")


def test_a_refused_field_that_has_no_meaning_now_is_no_fault_until_it_has_one(
    qtbot: QtBot, pair: ParameterForm
) -> None:
    scheme = _child(pair, QComboBox, "scheme")
    _write(qtbot, pair, "share", "2")
    assert not pair.is_valid
    scheme.setCurrentIndex(1)
    assert (pair.is_valid, pair.model()) == (True, _Pair(scheme="b"))
    scheme.setCurrentIndex(0)
    assert pair.refusal == "Share: it has to be below 1."
    assert _child(pair, QLineEdit, "share").text() == "2"


def test_a_refused_value_is_taken_once_the_others_allow_it(qtbot: QtBot, form: ParameterForm) -> None:
    _write(qtbot, form, "share", "many")
    _child(form, QLineEdit, "share").setText("0.75")
    with qtbot.waitSignal(form.changed):
        form.set_model(_Parameters(name="another"))
    assert form.model() == _Parameters(name="another", share=0.75)


def test_typing_is_not_disturbed_by_its_own_echo(qtbot: QtBot, form: ParameterForm) -> None:
    """What listens to the form shows the new model in it again, in the middle of "0.10"."""
    form.changed.connect(form.set_model)
    _write(qtbot, form, "share", "0.10")
    assert _child(form, QLineEdit, "share").text() == "0.10"
    assert form.model().share == 0.1  # type: ignore[attr-defined]


def test_fields_without_a_meaning_are_hidden(qtbot: QtBot, form: ParameterForm) -> None:
    assert not _child(form, QSpinBox, "count").isVisible()
    combo = _child(form, QComboBox, "scheme")
    combo.setCurrentIndex(combo.findData("dynamic_range"))
    qtbot.waitUntil(_child(form, QSpinBox, "count").isVisible)


def test_titles_units_and_ranges(form: ParameterForm) -> None:
    labels = {label.text() for label in form.findChildren(QLabel)}
    assert {"Scheme", "Rate (per step)", "Epochs"} <= labels, "a unit that the title names is not named twice"
    assert _child(form, QLineEdit, "share").toolTip() == "Of all. From 0 to below 1."
    assert _child(form, QLineEdit, "rate").toolTip() == "From above 0 to 10."
    spin = _child(form, QSpinBox, "count")
    assert (spin.minimum(), spin.maximum()) == (1, 9)


def test_advanced_fields_wait_behind_a_button_that_counts_the_changed_ones(qtbot: QtBot, form: ParameterForm) -> None:
    more, steps = _child(form, QToolButton, "more"), _child(form, QLineEdit, "steps")
    assert more.isVisible()
    assert not steps.isVisible()
    more.click()
    assert steps.isVisible()
    _write(qtbot, form, "steps", "2, 30")
    assert form.model().steps == (2, 30)  # type: ignore[attr-defined]
    more.click()
    assert not steps.isVisible()
    assert more.text() == "More settings (1 changed)"


def test_numbers_are_left_as_they_are_typed_while_they_mean_the_same(qtbot: QtBot, form: ParameterForm) -> None:
    steps = _child(form, QLineEdit, "steps")
    _child(form, QToolButton, "more").click()
    _write(qtbot, form, "steps", "2 30, ")
    form.set_model(_Parameters(steps=(2, 30)))
    assert steps.text() == "2 30, "
    with qtbot.waitSignal(form.refused) as refusal:
        _write(qtbot, form, "steps", "2, x")
    assert refusal.args[0].startswith("Steps: ")


def test_half_of_a_refused_text_is_no_value(qtbot: QtBot, form: ParameterForm) -> None:
    """ "0.1x" is refused as a whole: that 0.1 was typed on the way to it is nobody's wish."""
    told: list[object] = []
    form.changed.connect(told.append)
    _write(qtbot, form, "share", "0.1x")
    assert form.model().share == 0.5  # type: ignore[attr-defined]
    assert not form.is_valid
    _write(qtbot, form, "share", "0.25")
    assert form.model().share == 0.25  # type: ignore[attr-defined]
    qtbot.keyClick(_child(form, QLineEdit, "share"), Qt.Key.Key_Return)
    _write(qtbot, form, "share", "0.3.")
    assert form.model().share == 0.25, "what was entered before stays"  # type: ignore[attr-defined]


def test_a_refused_text_that_another_model_replaces_is_told(qtbot: QtBot, form: ParameterForm) -> None:
    told: list[str] = []
    form.lost.connect(told.append)
    _write(qtbot, form, "share", "many")
    form.set_model(_Parameters(share=0.25))
    assert len(told) == 1
    assert told[0].startswith("Share: ")


@pytest.mark.parametrize("text", ["{ macs = 0.3 }", '{"macs": 0.3}'])
def test_a_table_is_typed_as_in_a_recipe_or_as_json(qtbot: QtBot, text: str) -> None:
    editor = TableEditor()
    qtbot.addWidget(editor.widget)
    editor.set_value({"macs": 0.5, "of a layer": ["a", 1], "none": None})
    assert editor.widget.text() == '{ macs = 0.5, "of a layer" = ["a", 1] }'
    editor.set_value({"macs": 0.5, "layers": ["a", 1], "on": True})
    assert editor.value() == {"macs": 0.5, "layers": ["a", 1], "on": True}
    editor.widget.setText(text)
    assert editor.value() == {"macs": 0.3}
    editor.widget.setText("{ macs = ")
    assert editor.value() == "{ macs =", "for the field's own check to refuse"
    editor.widget.clear()
    assert editor.value() is None
