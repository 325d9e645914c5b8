"""What a calibration found, kept beside the `.tflite` that it was used for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from engine.contract.document import Document
from engine.contract.evidence import Evidence
from engine.export.kernel_table import KernelTable


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
    """As the recipe's `calibration`: minmax, tight_minmax, percentile, mse."""
    percentile: float | None = None
    """Where the method is percentile."""
    images: int
    ranges: tuple[TensorRange, ...]

    @classmethod
    def earlier_fields(cls, found: Sequence[CalibrationRecord], file: str) -> Document:
        return {"ranges_file": file}


class ChosenScheme(BaseModel):
    """What one layer got."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    layer: str
    scheme: str
    """float32, float16, int8 or int4."""
    float32_bytes: int
    """Of its kernel and bias."""
    saved_bytes: int
    """Of the file, as the choice counted on: what the layer saves alone, and its part in what layers share."""
    divergence: float
    """What the scheme costs where this layer alone has it: KL in nats."""


class MixedPrecision(Evidence):
    """How the schemes of a network's layers were chosen, and what the file that has them gives on validation images."""

    key: ClassVar[str] = "mixed_precision"
    title: ClassVar[str] = "Schemes chosen for each layer"
    header: ClassVar[tuple[str, ...]] = ("layer", "scheme", "float32 bytes", "bytes saved", "KL alone (nats)")

    images: int
    """Validation images."""
    max_bytes: int | None
    max_accuracy_drop: float | None
    max_latency: float | None = None
    """Of the float32 file's time."""
    latency_ratio: float | None = None
    """Median of the file's, timed in turn with float32's where a bound on it was given."""
    latency_ratio_most: float | None = None
    """The upper end of its 95 % interval, which keeps the bound."""
    file_bytes: int
    """With room for its description, as it ships; a little more than it takes in the end."""
    divergence: float
    """The sum of the layers', which was made as small as the bound allows."""
    accuracy_float32: float
    accuracy: float
    """Of the file with the chosen schemes, on the same images."""
    agreement: float
    """Of the images, the share that it classifies as the float32 file does."""
    layers: tuple[ChosenScheme, ...]

    def sentence(self) -> str:
        counts = Counter(one.scheme for one in self.layers)
        schemes = ", ".join(f"{count} {scheme}" for scheme, count in counts.most_common())
        time = ""
        if self.latency_ratio is not None and self.latency_ratio_most is not None:
            time = (
                f" {self.latency_ratio:.2f} of the float32 file's time on this machine (at most "
                f"{self.latency_ratio_most:.2f}, of the {self.max_latency:g} asked for)."
            )
        return (
            f"layers: {schemes}; on {self.images} validation images accuracy {self.accuracy:.4f} (float32 "
            f"{self.accuracy_float32:.4f}), agreement {self.agreement:.4f}; with its description at "
            f"most {self.file_bytes:,} bytes.{time}"
        )

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (one.layer, one.scheme, f"{one.float32_bytes:,}", f"{one.saved_bytes:,}", f"{one.divergence:.2e}")
            for one in self.layers
        ]


class LookUpTables(Evidence):
    """Of one `.tflite`: its kernels as look-up tables, in its own order."""

    key: ClassVar[str] = "lookup_tables"
    title: ClassVar[str] = "Kernels for TensorFlow Lite Micro"
    header: ClassVar[tuple[str, ...]] = ("kernel", "values", "index bits", "int8 bytes", "bytes stored")

    plain_file_bytes: int
    """Of the whole `.tflite`; both without its description."""
    file_bytes: int | None
    """None: it would be no smaller, so there is none."""
    kernels: tuple[KernelTable, ...]

    def sentence(self) -> str:
        tables = [one for one in self.kernels if one.is_table]
        if self.file_bytes is None:
            return (
                "no file for TensorFlow Lite Micro is made, as look-up tables would not make it smaller; use fewer "
                "clusters, or a wider network."
            )
        before, after = sum(one.plain_bytes for one in tables), sum(one.stored_bytes for one in tables)
        return (
            f"{len(tables)} of {len(self.kernels)} kernels as look-up tables: {before:,} bytes become {after:,}, and "
            f"the file {self.file_bytes:,} instead of {self.plain_file_bytes:,}, both without their description."
        )

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.kernel,
                f"{one.values:,}",
                f"{one.index_bits}" if one.is_table else "plain",
                f"{one.plain_bytes:,}",
                f"{one.stored_bytes:,}",
            )
            for one in self.kernels
        ]


class RoundedLayer(BaseModel):
    """How one layer's weights were rounded."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    layer: str
    dtype: str
    """int8 or int4."""
    weights: int
    moved_fraction: float
    """Of the weights, the share that is not rounded to nearest, 0 to 1."""
    error_nearest: float
    """Mean square error of the layer's output over that output's mean square, all weights rounded to nearest."""
    error: float
    """As they are in the file; both on places that were not learned from."""


class LearnedRounding(Evidence):
    """What learning the rounding of weights gave, in the network's order of layers."""

    key: ClassVar[str] = "learned_rounding"
    title: ClassVar[str] = "Learned rounding of each layer"
    header: ClassVar[tuple[str, ...]] = ("layer", "type", "weights", "moved", "error, nearest", "error")

    images: int
    """Calibration images that were used: fewer than asked for, where more do not fit into memory."""
    iterations: int
    seconds: float
    layers: tuple[RoundedLayer, ...]

    def sentence(self) -> str:
        if not self.layers:
            return "learned rounding: no kernel of this file has integers, so nothing was rounded."
        weights = sum(one.weights for one in self.layers)
        moved = sum(one.moved_fraction * one.weights for one in self.layers) / weights
        before, after = (
            sum(errors) / len(self.layers)
            for errors in zip(*((one.error_nearest, one.error) for one in self.layers), strict=True)
        )
        return (
            f"learned rounding: {len(self.layers)} layers on {self.images} calibration images in {self.seconds:.0f} s, "
            f"{moved * 100:.1f} % of the weights not to nearest; mean error of a layer's output {before:.2e} → "
            f"{after:.2e}."
        )

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.layer,
                one.dtype,
                f"{one.weights:,}",
                f"{one.moved_fraction * 100:.1f} %",
                f"{one.error_nearest:.2e}",
                f"{one.error:.2e}",
            )
            for one in self.layers
        ]
