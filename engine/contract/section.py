"""The base of every table of a recipe: frozen, and strict about keys."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of a recipe. Immutable; a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, allow_inf_nan=False)

    first_keys: ClassVar[frozenset[str] | None] = None
    """The keys of the table's first version, where later versions added some; None: all."""

    def stage_document(self) -> dict[str, Any]:
        """What a stage's key is made of: every value, but for keys that were added later and have their default.

        So stages that were computed before a key was there are found again.
        """
        first = self.first_keys
        inner = {name: value for name, value in self if isinstance(value, Section)}
        values = self.model_dump(mode="json") | {name: table.stage_document() for name, table in inner.items()}
        if first is None:
            return values
        fields = type(self).model_fields
        return {
            name: value
            for name, value in values.items()
            if name in first or getattr(self, name) != fields[name].get_default(call_default_factory=True)
        }
