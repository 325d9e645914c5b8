"""The parameter `layers`: patterns with their schemes, or "auto"."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, core_schema

from engine.contract.automatic import AUTO
from engine.contract.document import Document
from engine.export.layer_patterns import LayerScheme


class _TableOrAuto:
    """Annotates a table that may also be "auto": a fault is then told of the table alone, and not of both."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(
            _auto_or_table,
            handler.generate_schema(dict[str, LayerScheme] | None),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Document:
        table = handler(schema)
        return {**table, "anyOf": [*table["anyOf"], {"const": AUTO, "type": "string"}]}


def _auto_or_table(value: object, table: ValidatorFunctionWrapHandler) -> object:
    if isinstance(value, str) and value != AUTO:
        raise ValueError(f'use "{AUTO}", or a table of patterns such as {{ "stem_*" = "float16", "*" = "int8" }}')
    return AUTO if value == AUTO else table(value)


LayersOrAuto = Annotated[dict[str, LayerScheme] | Literal["auto"] | None, _TableOrAuto()]
