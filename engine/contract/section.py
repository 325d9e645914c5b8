"""The base of every table of a recipe: frozen, and strict about keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from engine.contract.document import Document

NUMBERS = (int, float)


class Section(BaseModel):
    """One table of a recipe. Immutable; a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Python counts true as 1; a recipe that says epochs = true means something else."""
        field = cls.model_fields.get(info.field_name or "")
        if isinstance(value, bool) and field is not None and field.annotation in NUMBERS:
            raise PydanticCustomError("number_wanted", "a number is needed, and not true or false")
        return value

    def stage_document(self) -> Document:
        """What a stage's key is made of: every value, so that a changed default makes other keys."""
        return self.model_dump(mode="json")
