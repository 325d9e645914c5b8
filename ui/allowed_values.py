"""The values that a parameter of a recipe may have, in words."""

from __future__ import annotations

from collections.abc import Callable

from engine.contract.automatic import AUTO, is_automatic
from engine.contract.document import Document
from engine.language.speech import mark

Say = Callable[..., str]
"""`tr`, or `in_english` for pages that are English in every language."""


def allowed_values(schema: Document, say: Say) -> str:
    """From the parameter's JSON Schema; empty where nothing is said of them."""
    if is_automatic(schema):
        return say(mark("{auto}, or {numbers}"), auto=AUTO, numbers=_allowed_numbers(schema, say))
    if "enum" in schema:
        return say(mark("one of {values}"), values=", ".join(map(str, schema["enum"])))
    if "const" in schema:
        return str(schema["const"])
    return _allowed_numbers(schema, say)


def _allowed_numbers(schema: Document, say: Say) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None and high is None:
        return ""
    if high is None:
        return say(mark("at least {low:g}") if "minimum" in schema else mark("above {low:g}"), low=low)
    if low is None:
        return say(mark("at most {high:g}"), high=high)
    return say(
        mark("{low:g} to {high:g}") if "maximum" in schema else mark("{low:g} to below {high:g}"), low=low, high=high
    )
