"""The target table of a recipe: what its files are held against."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from engine.contract.document import Document
from engine.contract.runtime import RUNTIMES, known_runtime
from engine.contract.section import Section

LARGEST_BYTES = 2**31 - 1
"""Of a limit: more than a `.tflite` file can hold, and the most that a form's field counts to."""


def _each_once(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


def _list_runtimes(schema: Document) -> None:
    # Added when a schema is asked for: the registry reads its package then.
    schema["items"]["enum"] = RUNTIMES.keys()
    schema["names"] = {key: RUNTIMES[key].title for key in RUNTIMES}


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
    runs_on: Annotated[tuple[Annotated[str, AfterValidator(known_runtime)], ...], AfterValidator(_each_once)] = Field(
        (),
        title="Runs on",
        description="Runtimes that each file is to run on, such as TensorFlow Lite Micro (tflm). All are tried on each "
        "file anyway; of those named here it is told which files do not run there.",
        json_schema_extra=_list_runtimes,
    )
    arena_bytes: int = Field(
        0,
        ge=0,
        le=LARGEST_BYTES,
        title="Max. arena",
        description="The memory of a microcontroller that is left for the tensors: what TensorFlow Lite Micro may "
        "need for them at most. 0: not asked.",
        json_schema_extra={"unit": "bytes", "zero": "not asked"},
    )
    model_bytes: int = Field(
        0,
        ge=0,
        le=LARGEST_BYTES,
        title="Max. file size",
        description="What the .tflite file may take at most, unzipped, such as the flash of a microcontroller. 0: not "
        "asked.",
        json_schema_extra={"unit": "bytes", "zero": "not asked"},
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

    @property
    def asks_limits(self) -> bool:
        """Whether files are held against limits of what runs them."""
        return bool(self.runs_on or self.arena_bytes or self.model_bytes)
