"""What a step found besides the network or file that it makes: typed by the step, passed on as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document


class Evidence(BaseModel):
    """Base of all kinds. A technique declares its own in its folder; a stage keeps the last of each kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    key: ClassVar[str]
    """The kind's name, such as "pruning_rounds"."""
    kept_as: ClassVar[str] = ""
    """The name of the file that is kept beside the variant's `.tflite`, such as "ranges.json"; empty: none."""
    title: ClassVar[str] = ""
    """Of the table below; empty: there is none."""
    header: ClassVar[tuple[str, ...]] = ()

    def sentence(self) -> str:
        """For the log; empty: nothing."""
        return ""

    def rows(self) -> list[tuple[str, ...]]:
        """What a terminal shows of it, under `header`."""
        return []

    @classmethod
    def earlier_fields(cls, found: Sequence[Self], file: str) -> Document:
        """The fields of `--json` that it had before there was `evidence`.

        Args:
            found: of all stages of the variant, in order.
            file: where it is kept beside the variant's file; empty: nowhere.
        """
        return {}


class StageEvidence(BaseModel):
    """One piece, as it is stored and sent."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    stage: str
    """The title of the stage that found it, such as "pruning 80 %"."""
    kind: str
    document: Document
    sentence: str = ""

    @classmethod
    def of(cls, stage: str, evidence: Evidence) -> StageEvidence:
        document = evidence.model_dump(mode="json")
        return cls(stage=stage, kind=evidence.key, document=document, sentence=evidence.sentence())
