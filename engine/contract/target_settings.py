"""The target table of a recipe: what its files are held against."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

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
    max_accuracy_drop: float = Field(
        0.0,
        ge=0,
        lt=1,
        title="Max. accuracy drop",
        description="What a file may lose against its baseline, such as 0.02: by the interval of the paired difference "
        "it is told of each whether it does, does not, or that the test images are too few to tell. 0: not asked.",
        json_schema_extra={"zero": "not asked"},
    )
    max_recall_drop: dict[str, Annotated[float, Field(gt=0, lt=1)]] = Field(
        {},
        title="Max. recall drop",
        description="The same of the recall (sensitivity) of single classes, on the test images of each, such as "
        "{ malignant = 0.01 }. Empty: not asked.",
        json_schema_extra={"empty": "not asked"},
    )

    @field_validator("max_recall_drop", mode="before")
    @classmethod
    def _nothing_asked(cls, value: object) -> object:
        """An emptied line of the wizard asks nothing."""
        if value is not None and not isinstance(value, dict):
            raise ValueError("name the classes: { malignant = 0.01 } lets the recall of that class fall by 0.01")
        return {} if value is None else value

    @property
    def asks_drop(self) -> bool:
        """Whether files are held against their baseline."""
        return bool(self.max_accuracy_drop or self.max_recall_drop)
