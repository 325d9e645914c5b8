"""The keys of a table of the recipe as a Markdown table, from their declaration."""

from __future__ import annotations

import json

from pydantic import BaseModel

from engine.contract.automatic import AUTO, is_automatic
from engine.contract.declared_properties import declared_properties
from engine.contract.document import Document
from engine.language.speech import in_english
from ui.allowed_values import allowed_values


def key_table(model: type[BaseModel], leave_out: str = "", with_title: bool = False) -> str:
    """A row for each key: its default, the values that it may have, and what it means.

    Args:
        with_title: the meaning begins with what the window calls the key.
    """
    schema = declared_properties(model)
    lines = ["| key | default | values | meaning |", "| --- | --- | --- | --- |"]
    for name, field in model.model_fields.items():
        if name != leave_out and name in schema:
            value = AUTO if is_automatic(schema[name]) else _plain(field.get_default(call_default_factory=True))
            default = json.dumps(value, ensure_ascii=False)
            meaning = _as_cell(field.description or field.title or "")
            title = f"*{field.title}.* " if with_title and field.title else ""
            lines.append(f"| `{name}` | `{default}` | {_values(schema[name])} | {title}{meaning} |")
    return "\n".join(lines) + "\n"


def _as_cell(text: str) -> str:
    """A bar would end the cell, and two stars outside of code would slant what is between them."""
    parts = text.replace("|", "\\|").split("`")
    return "`".join(part if number % 2 else part.replace("*", "\\*") for number, part in enumerate(parts))


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    return list(value) if isinstance(value, tuple) else value


def _values(schema: Document) -> str:
    if schema.get("type") == "array":
        inner = allowed_values(schema.get("items", {}), in_english)
        return f"a list; {inner}" if inner else "a list"
    if "$ref" in schema:
        return "a table"
    if schema.get("type") == "boolean":
        return "true, false"
    return allowed_values(schema, in_english) or {"string": "text"}.get(schema.get("type", ""), "see meaning")
