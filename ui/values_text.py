"""Values that may vary, as a line that a person types: "64, 96, 128", "0.3 to 0.95", or TOML."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from engine.contract.search_settings import ANY_ORDER, SearchRange, Varied


def values_text(values: Varied) -> str:
    """How a user sees and edits them."""
    if isinstance(values, str):
        return values
    if isinstance(values, SearchRange):
        step = f" in steps of {values.step:g}" if values.step else ""  # not shown
        return f"{values.low:g} to {values.high:g}{step}{', log' if values.log else ''}"  # not shown
    return ", ".join(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values)


def typed_values(text: str) -> Any:
    """The values in a line, for the recipe's own validation to judge."""
    text = text.strip()
    if text == ANY_ORDER:
        return text
    plain, _, log = text.partition(", log")
    low, between, rest = plain.partition(" to ")
    if between and not log.strip():
        high, _, step = rest.replace(" in steps of ", " step ").partition(" step ")  # not shown
        try:
            found = {"low": float(low), "high": float(high), "log": text.endswith(", log")}
            return found | ({"step": float(step)} if step else {})
        except ValueError:
            pass
    try:
        return tomllib.loads(f"values = [{text}]")["values"]  # not shown
    except ValueError:
        return [_plain(part) for part in text.split(",") if part.strip()]


def _plain(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()
