"""What the pre-flight says about a recipe before anything is computed."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from engine.contract.repairs import Repair


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Finding(BaseModel):
    """One sentence about one place of the recipe. An error prevents the run from starting."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    severity: Severity
    where: str
    """The place as a path of keys, such as "chains[0].steps[1]"; empty: the whole recipe."""
    message: str
    repair: Repair | None = None
    """What fixes it, if one edit does."""
