"""What a settings model declares of its fields, as JSON Schema: titles, explanations, ranges, units."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel

from engine.contract.document import Document


@cache
def declared_properties(model: type[BaseModel]) -> Document:
    """Field → its schema; made once a model, which takes some 20 ms. Whoever asks must not change it."""
    properties: Document = model.model_json_schema()["properties"]
    return properties
