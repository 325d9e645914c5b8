"""Numbers that may be left to the program: "auto" in a recipe, None here."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from engine.contract.document import Document

AUTO = "auto"


class _OrAuto:
    """Annotates a number that may also be "auto"."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            _number_or_none,
            handler(source),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: AUTO if value is None else value, when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Document:
        """One schema of two types, and not two: so forms and pages read the range where every number has it."""
        number = next(one for one in handler(schema)["anyOf"] if one.get("type") != "null")
        return {**number, "type": [number["type"], "string"], "pattern": f"^{AUTO}$"}


def _number_or_none(value: object, number: ValidatorFunctionWrapHandler) -> object:
    if value == AUTO:
        return None
    try:
        if isinstance(value, bool):
            value = str(value).lower()
        return number(value)
    except ValidationError as error:
        kind = error.errors(include_url=False)[0]["type"]
        if kind.startswith(("int_", "float_")):
            noun = "whole number" if kind.startswith("int_") else "number"
            raise PydanticCustomError("number_or_auto", f'a {noun} or "{AUTO}" is needed') from None
        raise


WholeOrAuto = Annotated[int | None, _OrAuto()]
RealOrAuto = Annotated[float | None, _OrAuto()]


def is_automatic(schema: Document) -> bool:
    """Whether a field of this JSON Schema may be "auto"."""
    return isinstance(schema.get("type"), list)
