"""The base of every table of a recipe: frozen, and strict about keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document


class Section(BaseModel):
    """One table of a recipe. Immutable; a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    def stage_document(self) -> Document:
        """What a stage's key is made of: every value, so that a changed default makes other keys."""
        return self.model_dump(mode="json")
