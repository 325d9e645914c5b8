"""From the declaration of a field, as JSON Schema, to its title, explanation and editor."""

from __future__ import annotations

from dataclasses import dataclass

from engine.contract.automatic import is_automatic
from engine.contract.document import Document
from engine.language.speech import number_text, tr
from ui.form.field_editor import (
    LARGEST_WHOLE,
    AutomaticRealNumberEditor,
    AutomaticWholeNumberEditor,
    ChoiceEditor,
    FieldEditor,
    RealNumberEditor,
    SeveralEditor,
    SwitchEditor,
    TableEditor,
    TextEditor,
    WholeNumberEditor,
    WholeNumbersEditor,
)

WIDEST_PIXELS = 320


@dataclass(frozen=True)
class DeclaredField:
    """One field as the form shows it."""

    title: str
    editor: FieldEditor
    shown_for: dict[str, list[object]]
    """Other field → values with which this one has a meaning."""
    advanced: bool
    """Whether it waits behind the form's "More settings"."""
    wide: bool
    """Whether the editor takes the whole width of the form, its title included."""


def declared_field(schema: Document, name: str, own_editor: FieldEditor | None = None) -> DeclaredField:
    """The field of a JSON Schema with title, description, range, "unit", "shown_for" and "may_repeat".

    Args:
        name: the editor's object name, that tests and screen readers find it by.
        own_editor: of a field that no editor here can show; it takes the form's whole width.
    """
    title = tr(schema.get("title", name))
    unit = tr(schema.get("unit", ""))
    if unit and unit.lower() not in title.lower():
        title = f"{title} ({unit})"
    editor = own_editor or _editor(schema)
    editor.explain(tr(schema.get("zero", "")), tr(schema.get("empty", "")))
    if isinstance(editor, SeveralEditor):
        editor.name_boxes(name)
    elif own_editor is None:
        editor.widget.setMaximumWidth(WIDEST_PIXELS)
    editor.widget.setObjectName(name)
    editor.widget.setAccessibleName(title)
    editor.widget.setToolTip(" ".join(filter(None, (tr(schema.get("description", "")), _range(schema)))))
    advanced = schema.get("advanced", False)
    return DeclaredField(title, editor, schema.get("shown_for", {}), advanced, wide=own_editor is not None)


def _editor(schema: Document) -> FieldEditor:
    if "enum" in schema or "const" in schema:
        return ChoiceEditor(schema.get("enum", [schema.get("const")]), schema.get("names", {}))
    if is_automatic(schema):
        if "integer" in schema["type"]:
            return AutomaticWholeNumberEditor(int(schema["minimum"]), int(schema["maximum"]))
        return AutomaticRealNumberEditor()
    match schema.get("type"):
        case "boolean":
            return SwitchEditor()
        case "integer":
            return WholeNumberEditor(int(schema.get("minimum", 0)), int(schema.get("maximum", LARGEST_WHOLE)))
        case "number":
            return RealNumberEditor()
        case "string":
            return TextEditor()
        case "array" if "enum" in schema.get("items", {}) and not schema.get("may_repeat"):
            return SeveralEditor(schema["items"]["enum"], schema.get("names", {}))
        case "array" if schema.get("items", {}).get("type") == "integer":
            return WholeNumbersEditor()
        case _:
            return TableEditor()


def _range(schema: Document) -> str:
    """Such as "From 0 to below 1." """
    minimum = schema.get("minimum", schema.get("exclusiveMinimum"))
    maximum = schema.get("maximum", schema.get("exclusiveMaximum"))
    if minimum is not None and maximum is not None:
        low = tr("above {bound:g}", bound=minimum) if "exclusiveMinimum" in schema else number_text(f"{minimum:g}")
        high = tr("below {bound:g}", bound=maximum) if "exclusiveMaximum" in schema else number_text(f"{maximum:g}")
        return tr("From {low} to {high}.", low=low, high=high)
    if minimum is not None and minimum != 0:
        return (
            tr("Above {bound:g}.", bound=minimum)
            if "exclusiveMinimum" in schema
            else tr("At least {bound:g}.", bound=minimum)
        )
    return ""
