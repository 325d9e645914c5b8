"""What pydantic finds wrong with a value, in words for users who do not program."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic_core import ErrorDetails

NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "string": "a text in quotes is needed",
        "int": "a whole number is needed",
        "float": "a number is needed",
        "finite_number": "a number is needed that is neither infinite nor NaN",
        "bool": "true or false is needed, without quotes",
        "tuple": 'a list is needed, such as [1, 2] or ["a", "b"]',
        "list": 'a list is needed, such as [1, 2] or ["a", "b"]',
        "dict": 'a table is needed, such as { key = "value" }',
        "model": 'a table is needed, such as { key = "value" }',
    }
)
"""By the beginning of the fault's type, such as "int_parsing"."""
MAX_SHOWN = 60
"""Characters of a value."""


def plain_fault(fault: ErrorDetails) -> str:
    """What is needed instead, without a full stop, such as "it has to be below 1"; the value itself is not in it.

    Args:
        fault: one of `ValidationError.errors()`.
    """
    kind, context = str(fault["type"]), fault.get("ctx") or {}
    if words := _bound(kind, context):
        return words
    if kind == "literal_error":
        return f"use {_choices(str(context['expected']))}"
    if kind in ("too_short", "string_too_short"):
        return f"at least {context['min_length']} {'character' if 'string' in kind else 'entry'} is needed"
    if kind in ("too_long", "string_too_long"):
        many = "characters are" if "string" in kind else "entries are"
        return f"at most {context['max_length']} {many} allowed"
    if kind == "value_error":
        return str(fault["msg"]).removeprefix("Value error, ").removesuffix(".")
    if kind.startswith(("tuple", "list")) and isinstance(fault.get("input"), str | int | float):
        given = fault["input"]
        number = isinstance(given, str) and given.strip().lstrip("-").isdecimal()
        return f"a list is needed: [{given.strip() if number else json.dumps(given, ensure_ascii=False)}]"
    for beginning, words in NEEDED.items():
        if kind.startswith(beginning):
            return words
    message = str(fault["msg"]).removesuffix(".")
    return message[:1].lower() + message[1:]


def _bound(kind: str, context: Mapping[str, Any]) -> str:
    """A bound that a number passes; empty: the fault is of another kind."""
    bound = next((context[key] for key in ("gt", "ge", "lt", "le", "multiple_of") if key in context), 0)
    match kind:
        case "greater_than":
            return f"it has to be above {bound:g}"
        case "greater_than_equal":
            return f"it has to be at least {bound:g}"
        case "less_than":
            return f"it has to be below {bound:g}"
        case "less_than_equal":
            return f"it has to be at most {bound:g}"
        case "multiple_of":
            return f"it has to be a multiple of {bound:g}"
    return ""


def shown_value(value: object) -> str:
    """A value of a recipe as its file has it; long ones cut."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    text = text.encode("unicode_escape").decode("ascii") if not text.isprintable() else text
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _choices(expected: str) -> str:
    """'a', 'b' or 'c' → "a", "b" or "c"."""
    return re.sub(r"'([^']*)'", r'"\1"', expected)
