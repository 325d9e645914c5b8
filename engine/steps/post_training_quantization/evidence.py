"""What a calibration found, kept beside the `.tflite` that it was used for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document
from engine.contract.evidence import Evidence


class TensorRange(BaseModel):
    """The values of one activation over the calibration images, in the network's own numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    tensor: str
    """Its name in the float32 file."""
    seen_least: float
    seen_greatest: float
    """The minimum and maximum over all images."""
    least: float
    greatest: float
    """Where the integers begin and end; values beyond are clipped."""

    @property
    def clipped_fraction(self) -> float:
        """The share of the seen range that the integers do not cover, 0 to 1; a length, not a count of values."""
        span = self.seen_greatest - self.seen_least
        reached = min(self.greatest, self.seen_greatest) - max(self.least, self.seen_least)
        return max(0.0, 1.0 - reached / span) if span > 0 else 0.0


class CalibrationRecord(Evidence):
    """The ranges of one calibrated quantisation, in the float32 file's order of its tensors."""

    key: ClassVar[str] = "calibration"
    kept_as: ClassVar[str] = "ranges.json"

    version: int = 2
    method: str
    """As the recipe's `calibration`: minmax, tight_minmax, percentile."""
    percentile: float | None = None
    """Where the method is percentile."""
    images: int
    ranges: tuple[TensorRange, ...]

    @classmethod
    def earlier_fields(cls, found: Sequence[CalibrationRecord], file: str) -> Document:
        return {"ranges_file": file}
