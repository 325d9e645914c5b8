"""The target table of a recipe: what its files are held against."""

from __future__ import annotations

from pydantic import Field

from engine.contract.section import Section


class TargetSettings(Section):
    """What the files are to reach, beside being small and fast."""

    sensitivity: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Wanted sensitivity",
        description="Of two classes: the share of the second class's images that must be found. The decision threshold "
        "is then the highest that reaches it on the validation images. 0: the threshold of the greatest sensitivity + "
        "specificity.",
        json_schema_extra={"zero": "best of both"},
    )
