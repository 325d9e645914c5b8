"""The columns of the table of variants: what each shows, sorts by, and explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.contract.measurements import VariantMeasurement

KIB, MIB = 1024, 1024**2

Value = float | str


@dataclass(frozen=True)
class Column:
    """One column; `value` sorts and `text` is read."""

    title: str
    explanation: str
    value: Callable[[VariantMeasurement, VariantMeasurement], Value]
    """Of a variant and the baseline."""
    text: Callable[[VariantMeasurement, VariantMeasurement], str]


def _number(
    title: str, explanation: str, form: str, value: Callable[[VariantMeasurement, VariantMeasurement], float]
) -> Column:
    return Column(title, explanation, value, lambda variant, baseline: form.format(value(variant, baseline)))


COLUMNS: tuple[Column, ...] = (
    Column("chain", "The chain's name.", lambda v, b: v.chain, lambda v, b: v.chain),
    Column(
        "accuracy\n(95 % CI)",
        "Share of test images classified rightly by the file, with its Wilson 95 % interval.",
        lambda v, b: v.accuracy,
        lambda v, b: f"{v.accuracy:.3f} ({v.accuracy_ci95[0]:.3f}–{v.accuracy_ci95[1]:.3f})",
    ),
    _number(
        "Δ accuracy\n(points)",
        "Difference to the baseline, in percentage points.",
        "{:+.1f}",
        lambda v, b: 100 * (v.accuracy - b.accuracy),
    ),
    _number(
        "agreement",
        "Share of test images that the file decides as the float32 baseline does.",
        "{:.3f}",
        lambda v, b: v.agreement,
    ),
    _number("size\n(KiB)", "Bytes of the .tflite file.", "{:,.1f}", lambda v, b: v.model_bytes / KIB),
    _number("size\n(× base)", "File size over the baseline's.", "{:.2f}", lambda v, b: v.model_bytes / b.model_bytes),
    _number(
        "zipped\n(KiB)",
        "Bytes of the file in a ZIP, DEFLATE level 9. Zeros and clusters are stored like other values, so pruning and "
        "clustering shrink the file only here.",
        "{:,.1f}",
        lambda v, b: v.zip_bytes / KIB,
    ),
    _number(
        "latency p50\n(ms)",
        "Median time for one image in LiteRT, one thread, measured in turn with all variants.",
        "{:.2f}",
        lambda v, b: v.latency_p50_ms,
    ),
    _number("latency p95\n(ms)", "95 % of the images take no longer.", "{:.2f}", lambda v, b: v.latency_p95_ms),
    Column(
        "latency\n(× base, 95 % CI)",
        "Latency over the baseline's in the same turn; below 1 is faster.",
        lambda v, b: v.latency_ratio,
        lambda v, b: f"{v.latency_ratio:.2f} ({v.latency_ratio_ci95[0]:.2f}–{v.latency_ratio_ci95[1]:.2f})",
    ),
    _number(
        "zeros\n(fraction)",
        "Zeros among the kernel values stored in the file.",
        "{:.3f}",
        lambda v, b: v.sparsity_fraction,
    ),
    _number(
        "distinct\nweights",
        "The most distinct values stored in one kernel (a channel, where each has its own scale).",
        "{:,.0f}",
        lambda v, b: v.unique_weights,
    ),
    _number("parameters", "Of the network, as papers count them.", "{:,.0f}", lambda v, b: v.parameters),
    _number(
        "non-zero\nparameters", "Parameters less the zeros in the file.", "{:,.0f}", lambda v, b: v.nonzero_parameters
    ),
    _number(
        "MACs\n(million)",
        "Multiply-accumulates for one image, counted from the file.",
        "{:,.1f}",
        lambda v, b: v.macs / 1e6,
    ),
    _number(
        "peak memory\n(MiB)",
        "Resident memory that a fresh process gains by loading the file and classifying.",
        "{:.1f}",
        lambda v, b: v.peak_memory_bytes / MIB,
    ),
    _number(
        "epoch\n(s)", "Median time of an epoch of the chain's last training.", "{:.1f}", lambda v, b: v.epoch_seconds
    ),
    Column(
        "weights",
        "Number types that the kernels are stored in.",
        lambda v, b: ", ".join(v.weight_dtypes),
        lambda v, b: ", ".join(v.weight_dtypes),
    ),
    Column("note", "Where a step did not help.", lambda v, b: v.note, lambda v, b: v.note),
)
