"""The columns of the table of variants: what each shows, sorts by, and explains."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.contract.measurements import ImageBytes, VariantMeasurement
from ui.figure_text import figure_text

KIB, MIB = 1024, 1024**2

USUAL = frozenset(
    {
        "chain",
        "accuracy",
        "Δ accuracy",
        "agreement",
        "size\n(KiB)",
        "size\n(× baseline)",
        "zipped\n(× baseline)",
        "latency p50",
        "latency",
        "note",
    }
)
"""Titles, without their second line where that is the unit alone, of the columns that matter most."""

Value = float | str


@dataclass(frozen=True)
class Column:
    """One column; `value` sorts and `text` is read."""

    title: str
    explanation: str
    value: Callable[[VariantMeasurement, VariantMeasurement], Value]
    """Of a variant and the baseline of its image setting."""
    text: Callable[[VariantMeasurement, VariantMeasurement], str]
    compares_images: bool = False
    """Whether it says something only where a run compares image settings."""

    @property
    def is_usual(self) -> bool:
        """Whether it is shown until the user chooses others."""
        return self.compares_images or self.title.split("\n")[0] in USUAL or self.title in USUAL


def steps_text(variant: VariantMeasurement) -> str:
    """Such as "pruning 80 % → int8"."""
    return " → ".join(variant.steps) or "trained network, float32"


def _number(
    title: str, explanation: str, form: str, value: Callable[[VariantMeasurement, VariantMeasurement], float]
) -> Column:
    return Column(title, explanation, value, lambda variant, baseline: form.format(value(variant, baseline)))


def _milliseconds(title: str, explanation: str, value: Callable[[VariantMeasurement], float]) -> Column:
    return Column(title, explanation, lambda variant, _: value(variant), lambda variant, _: figure_text(value(variant)))


def _image_figure(title: str, explanation: str, form: str, figure: Callable[[ImageBytes], float]) -> Column:
    """A figure of the variant's image setting; a dash where an earlier version of the program did not tell."""
    return Column(
        title,
        explanation,
        lambda variant, _: figure(variant.images) if variant.images else 0.0,
        lambda variant, _: form.format(figure(variant.images)) if variant.images else "–",
        compares_images=True,
    )


def _against_baseline(
    title: str, explanation: str, form: str, value: Callable[[VariantMeasurement, VariantMeasurement], float | None]
) -> Column:
    """A figure that a variant on another dataset than the baseline's has not."""

    def text(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
        figure = value(variant, baseline)
        return "–" if figure is None else form.format(figure)

    return Column(title, explanation, lambda variant, baseline: value(variant, baseline) or 0.0, text)


def _by_number(text: str) -> str:
    """Sorts "64 px" before "100 px"."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(6), text)


def _words(title: str, explanation: str, text: Callable[[VariantMeasurement], str]) -> Column:
    return Column(title, explanation, lambda variant, _: text(variant), lambda variant, _: text(variant))


def _interval(
    title: str,
    explanation: str,
    form: str,
    value: Callable[[VariantMeasurement], float],
    interval: Callable[[VariantMeasurement], tuple[float, float]],
) -> Column:
    def text(variant: VariantMeasurement, _: VariantMeasurement) -> str:
        figure, low, high = (form.format(part) for part in (value(variant), *interval(variant)))
        return f"{figure} ({low}–{high})"

    return Column(title, explanation, lambda variant, _: value(variant), text)


COLUMNS: tuple[Column, ...] = (
    _words("chain", "The chain's name.", lambda v: v.chain),
    Column(
        "images",
        "The image setting that the network was trained on: size, JPEG quality, wavelet transform.",
        lambda variant, _: _by_number(variant.setting),
        lambda variant, _: variant.setting,
        compares_images=True,
    ),
    _image_figure(
        "image ratio\n(: 1)",
        "Compression ratio: bytes of the image files as they came over those of the images as resized and re-saved.",
        "{:.2f}",
        lambda images: images.compression_ratio,
    ),
    _image_figure(
        "image gain\n(%)",
        "Space gain: the share of the image files' bytes that is saved.",
        "{:.1f}",
        lambda images: 100 * images.space_gain,
    ),
    _interval(
        "accuracy\n(95 % CI)",
        "Share of the test images that the file classifies rightly, with its Wilson 95 % interval.",
        "{:.3f}",
        lambda v: v.accuracy,
        lambda v: v.accuracy_ci95,
    ),
    _against_baseline(
        "Δ accuracy\n(points)",
        "Difference of the accuracy to the baseline's, in percentage points.",
        "{:+.1f}",
        lambda v, b: None if v.dataset else 100 * (v.accuracy - b.accuracy),
    ),
    _against_baseline(
        "agreement\n(fraction)",
        "Share of the test images that the file decides as the float32 baseline does, rightly or wrongly.",
        "{:.3f}",
        lambda v, b: v.agreement,
    ),
    _number("size\n(KiB)", "The .tflite file, in units of 1024 bytes.", "{:,.1f}", lambda v, b: v.model_bytes / KIB),
    _number(
        "size\n(× baseline)",
        "File size over the baseline's.",
        "{:.2f}",
        lambda v, b: v.model_bytes / max(b.model_bytes, 1),
    ),
    _number(
        "zipped\n(KiB)",
        "The file in a ZIP (DEFLATE, level 9). Zeros and clusters are stored like other values, so pruning and "
        "clustering do not make a .tflite smaller until it is zipped.",
        "{:,.1f}",
        lambda v, b: v.zip_bytes / KIB,
    ),
    _number(
        "zipped\n(× baseline)",
        "Zipped size over the baseline's zipped size: what a download costs.",
        "{:.2f}",
        lambda v, b: v.zip_bytes / max(b.zip_bytes, 1),
    ),
    _milliseconds(
        "latency p50\n(ms)",
        "Median time for one image in LiteRT, after a warm-up, measured in turn with all variants.",
        lambda v: v.latency_p50_ms,
    ),
    _milliseconds("latency p95\n(ms)", "95 % of the images take no longer.", lambda v: v.latency_p95_ms),
    _interval(
        "latency\n(× baseline, 95 % CI)",
        "Latency over the baseline's in the same turn; below 1 is faster. Zeros alone do not speed LiteRT up.",
        "{:.2f}",
        lambda v: v.latency_ratio,
        lambda v: v.latency_ratio_ci95,
    ),
    _words("steps", "What was done to the trained network, in this order.", steps_text),
    _number(
        "sparsity\n(fraction)",
        "Zeros among the kernel values that are stored in the file.",
        "{:.3f}",
        lambda v, b: v.sparsity_fraction,
    ),
    _number(
        "distinct weights\n(count)",
        "The most distinct values stored in one kernel; a channel at a time where each channel has its own scale.",
        "{:,.0f}",
        lambda v, b: v.unique_weights,
    ),
    _number(
        "parameters\n(count)",
        "Of the network before batch normalisation is folded, as papers count them.",
        "{:,.0f}",
        lambda v, b: v.parameters,
    ),
    _number(
        "trainable\n(count)",
        "Parameters that training changes: with a frozen base the head's, which grow with the image if flattened.",
        "{:,.0f}",
        lambda v, b: v.trainable_parameters,
    ),
    _number(
        "non-zero\n(count)",
        "Parameters less the zeros in the file's kernels.",
        "{:,.0f}",
        lambda v, b: v.nonzero_parameters,
    ),
    _number(
        "MACs\n(million)",
        "Multiply-accumulate operations for one image, counted from the file's operators. Zeros are counted too.",
        "{:,.1f}",
        lambda v, b: v.macs / 1e6,
    ),
    _number(
        "peak memory\n(MiB)",
        "The most memory that a fresh interpreter process gains by loading the file and classifying images.",
        "{:.1f}",
        lambda v, b: v.peak_memory_bytes / MIB,
    ),
    _number(
        "epoch\n(s)", "Median time of an epoch of the chain's last training.", "{:.1f}", lambda v, b: v.epoch_seconds
    ),
    _words("stored as", "Number types that the kernels are stored in.", lambda v: ", ".join(v.weight_dtypes)),
    _words("test set", "Whose test images it was measured on.", lambda v: v.dataset or "this study"),
    _words("note", "Where a step did not help, or stands short of its full training.", lambda v: v.note),
)
