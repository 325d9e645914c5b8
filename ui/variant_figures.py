"""The figures of a variant, declared once: tables in the window, a terminal and Markdown, and bars show what is here.

`--json` and CSV have the measurements themselves, under the names of `VariantMeasurement`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.contract.measurements import ImageBytes, VariantMeasurement
from ui.figure_text import figure_text, p_text

KIB, MIB = 1024, 1024**2

Value = float | str


Interval = tuple[float, float]
Units = tuple[tuple[str, float], ...]
"""(unit, how much of the value it is), the smallest first."""

BYTES: Units = (("KiB", 1024.0), ("MiB", 1024.0**2), ("GiB", 1024.0**3))
MILLISECONDS: Units = (("µs", 1e-3), ("ms", 1.0), ("s", 1e3))
FRACTION: Units = (("fraction", 1.0),)


class Better(StrEnum):
    """Which way a figure is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True)
class Bar:
    """How a figure is drawn as a bar."""

    axis: str
    """"{unit}" stands for the unit."""
    units: Units
    raw: Callable[[VariantMeasurement], float]
    """In the first unit's own base: bytes, milliseconds, a fraction."""
    whisker: Callable[[VariantMeasurement], Interval] | None = None


@dataclass(frozen=True)
class Figure:
    """One figure; `value` sorts and `text` is read."""

    name: str
    """Short and unique, such as "size_ratio"."""
    title: str
    """Two lines: what it is, and its unit."""
    explanation: str
    value: Callable[[VariantMeasurement, VariantMeasurement], Value]
    """Of a variant and the baseline of its image setting."""
    text: Callable[[VariantMeasurement, VariantMeasurement], str]
    better: Better = Better.NEITHER
    compares_images: bool = False
    """Whether it says something only where a run compares image settings."""
    is_usual: bool = False
    """Whether the window's table shows it until the user chooses others."""
    brief: str = ""
    """Its head where there is little room; empty: the title."""
    bar: Bar | None = None

    @property
    def head(self) -> str:
        return self.brief or self.title


def steps_text(variant: VariantMeasurement) -> str:
    """Such as "pruning 80 % → int8"."""
    return " → ".join(variant.steps) or "trained network, float32"


def _number(value: Callable[[VariantMeasurement, VariantMeasurement], float | None], form: str) -> dict[str, Any]:
    """A figure that is read as a number; a dash where a variant has none, as on another dataset than the baseline's."""

    def text(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
        figure = value(variant, baseline)
        return "–" if figure is None else form.format(figure)

    return {"value": lambda variant, baseline: value(variant, baseline) or 0.0, "text": text}


def _interval(
    value: Callable[[VariantMeasurement], float], interval: Callable[[VariantMeasurement], Interval], form: str
) -> dict[str, Any]:
    def text(variant: VariantMeasurement, _: VariantMeasurement) -> str:
        figure, low, high = (form.format(part) for part in (value(variant), *interval(variant)))
        return f"{figure} ({low}–{high})"

    return {"value": lambda variant, _: value(variant), "text": text}


def _change_of_accuracy() -> dict[str, Any]:
    def change(variant: VariantMeasurement, baseline: VariantMeasurement) -> float | None:
        return None if variant.dataset else 100 * (variant.accuracy - baseline.accuracy)

    plain = _number(change, "{:+.1f}")

    def text(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
        interval = ""
        if variant.paired:
            low, high = (100 * end for end in variant.paired.difference_ci95)
            interval = f" ({low:+.1f} to {high:+.1f})"
        found: str = plain["text"](variant, baseline)
        return found + interval

    return plain | {"text": text}


def _timed_in_turn(figure: dict[str, Any]) -> dict[str, Any]:
    """A dash until a variant was timed in turn with its baseline."""
    text = figure["text"]
    return figure | {"text": lambda variant, baseline: text(variant, baseline) if variant.is_timed_in_turn else "–"}


def _milliseconds(value: Callable[[VariantMeasurement], float]) -> dict[str, Any]:
    return {"value": lambda variant, _: value(variant), "text": lambda variant, _: figure_text(value(variant))}


def _words(text: Callable[[VariantMeasurement], str]) -> dict[str, Any]:
    return {"value": lambda variant, _: text(variant), "text": lambda variant, _: text(variant)}


def _of_images(figure: Callable[[ImageBytes], float], form: str) -> dict[str, Any]:
    """A figure of the variant's image setting; a dash where an earlier version of the program did not tell."""
    return _number(lambda v, _: figure(v.images) if v.images else None, form) | {
        "compares_images": True,
        "is_usual": True,
    }


def _by_number(text: str) -> str:
    """Sorts "64 px" before "100 px"."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(6), text)


NOT_TESTED = 2.0
"""Sorts behind all p values."""
HIGHER, LOWER = Better.HIGHER, Better.LOWER

FIGURES: tuple[Figure, ...] = (
    Figure("chain", "chain", "The chain's name.", **_words(lambda v: v.chain), is_usual=True),
    Figure(
        "setting",
        "images",
        "The image setting that the network was trained on: size, JPEG quality, wavelet transform.",
        lambda variant, _: _by_number(variant.setting),
        lambda variant, _: variant.setting,
        compares_images=True,
        is_usual=True,
    ),
    Figure(
        "image_ratio",
        "image ratio\n(: 1)",
        "Compression ratio: bytes of the image files as they came over those of the images as resized and re-saved.",
        **_of_images(lambda images: images.compression_ratio, "{:.2f}"),
        better=HIGHER,
    ),
    Figure(
        "image_gain",
        "image gain\n(%)",
        "Space gain: the share of the image files' bytes that is saved.",
        **_of_images(lambda images: 100 * images.space_gain, "{:.1f}"),
        better=HIGHER,
    ),
    Figure(
        "accuracy",
        "accuracy\n(95 % CI)",
        "Share of the test images that the file classifies correctly, with its Wilson 95 % interval.",
        **_interval(lambda v: v.accuracy, lambda v: v.accuracy_ci95, "{:.3f}"),
        better=HIGHER,
        is_usual=True,
        bar=Bar("accuracy, CI ({unit})", FRACTION, lambda v: v.accuracy, lambda v: v.accuracy_ci95),
    ),
    Figure(
        "balanced_accuracy",
        "balanced\naccuracy",
        "The mean recall of the classes: accuracy as if every class had as many test images.",
        **_number(lambda v, _: v.balanced_accuracy, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "macro_f1",
        "macro F1",
        "The mean over the classes of the harmonic mean of precision and recall.",
        **_number(lambda v, _: v.macro_f1, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "mcc",
        "MCC",
        "Matthews correlation coefficient between true and predicted classes: 1 perfect, 0 no better than chance.",
        **_number(lambda v, _: v.mcc, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "auc",
        "AUC",
        "Area under the ROC curve, each class against the rest, mean over the classes.",
        **_number(lambda v, _: v.auc.macro if v.auc else None, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "ece",
        "calibration\nerror",
        "Expected calibration error: by how much the probability of the predicted class and the share that is right "
        "differ, over 15 bins.",
        **_number(lambda v, _: v.ece, "{:.3f}"),
        better=LOWER,
    ),
    Figure(
        "log_loss",
        "log loss\n(nats)",
        "Mean of -ln of the probability that the file gives the true class.",
        **_number(lambda v, _: v.log_loss, "{:.3f}"),
        better=LOWER,
    ),
    Figure(
        "sensitivity",
        "sensitivity\n(at threshold)",
        "Of two classes: the share of the second class that is found, with the decision threshold that was chosen on "
        "the validation images.",
        **_number(lambda v, _: v.threshold.sensitivity if v.threshold else None, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "specificity",
        "specificity\n(at threshold)",
        "Of two classes: the share of the first class that is kept out, with that threshold.",
        **_number(lambda v, _: v.threshold.specificity if v.threshold else None, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "accuracy_change",
        "Δ accuracy\n(points)",
        "Difference of the accuracy to the baseline's, in percentage points, with its interval: both files classified "
        "the same images, so only those tell that one classifies correctly and the other does not.",
        **_change_of_accuracy(),
        better=HIGHER,
        is_usual=True,
        brief="Δ points",
    ),
    Figure(
        "p_value",
        "p\n(paired, Holm)",
        "That a file as accurate as the baseline would differ so much on these images: McNemar's exact test, or with "
        "groups an exchange of whole groups; corrected for all variants with the same baseline. Below 0.05 the "
        "difference is real.",
        lambda v, _: NOT_TESTED if v.paired is None or v.paired.p_holm is None else v.paired.p_holm,
        lambda v, _: "–" if v.paired is None or v.paired.p_holm is None else p_text(v.paired.p_holm),
        better=LOWER,
    ),
    Figure(
        "agreement",
        "agreement\n(fraction)",
        "Share of the test images to which the file gives the same class as the float32 baseline, right or wrong.",
        **_number(lambda v, _: v.agreement, "{:.3f}"),
        better=HIGHER,
        is_usual=True,
        brief="agree-\nment",
    ),
    Figure(
        "size",
        "size\n(KiB)",
        "The .tflite file, in units of 1024 bytes.",
        **_number(lambda v, _: v.model_bytes / KIB, "{:,.1f}"),
        better=LOWER,
        is_usual=True,
        brief="size\nKiB",
        bar=Bar("file ({unit})", BYTES, lambda v: v.model_bytes),
    ),
    Figure(
        "size_ratio",
        "size\n(× baseline)",
        "File size over the baseline's.",
        **_number(lambda v, b: v.model_bytes / max(b.model_bytes, 1), "{:.2f}"),
        better=LOWER,
        is_usual=True,
        brief="× of\nbase",
    ),
    Figure(
        "zip",
        "zipped\n(KiB)",
        "The file in a ZIP (DEFLATE, level 9). Zeros and clusters are stored like other values, so pruning and "
        "clustering do not make a .tflite smaller until it is zipped; but see the TFLM file.",
        **_number(lambda v, _: v.zip_bytes / KIB, "{:,.1f}"),
        better=LOWER,
        brief="zip\nKiB",
        bar=Bar("zipped file ({unit})", BYTES, lambda v: v.zip_bytes),
    ),
    Figure(
        "zip_ratio",
        "zipped\n(× baseline)",
        "Zipped size over the baseline's zipped size: what a download costs.",
        **_number(lambda v, b: v.zip_bytes / max(b.zip_bytes, 1), "{:.2f}"),
        better=LOWER,
        is_usual=True,
    ),
    Figure(
        "micro_size",
        "TFLM file\n(KiB)",
        "The file for TensorFlow Lite Micro, whose kernels are look-up tables, as it is: not zipped.",
        **_number(lambda v, _: v.micro.model_bytes / KIB if v.micro else None, "{:,.1f}"),
        better=LOWER,
    ),
    Figure(
        "micro_arena",
        "TFLM arena\n(KiB)",
        "What TensorFlow Lite Micro keeps the tensors of that file in, on this computer.",
        **_number(lambda v, _: v.micro.arena_bytes / KIB if v.micro else None, "{:,.1f}"),
        better=LOWER,
    ),
    Figure(
        "latency",
        "latency p50\n(ms)",
        "Median time for one image in LiteRT, after a warm-up, measured in turn with all variants.",
        **_milliseconds(lambda v: v.latency_p50_ms),
        better=LOWER,
        is_usual=True,
        brief="p50\nms",
        bar=Bar(
            "latency p50–p95 ({unit})",
            MILLISECONDS,
            lambda v: v.latency_p50_ms,
            lambda v: (v.latency_p50_ms, v.latency_p95_ms),
        ),
    ),
    Figure(
        "latency_p95",
        "latency p95\n(ms)",
        "95 % of the images take no longer.",
        **_milliseconds(lambda v: v.latency_p95_ms),
        better=LOWER,
        brief="p95\nms",
    ),
    Figure(
        "latency_ratio",
        "latency\n(× baseline, 95 % CI)",
        "Latency over the baseline's in the same turn; below 1 is faster. Zeros alone do not speed LiteRT up.",
        **_timed_in_turn(_interval(lambda v: v.latency_ratio, lambda v: v.latency_ratio_ci95, "{:.2f}")),
        better=LOWER,
        is_usual=True,
        brief="time ×\nof base",
    ),
    Figure("steps", "steps", "What was done to the trained network, in this order.", **_words(steps_text)),
    Figure(
        "sparsity",
        "sparsity\n(fraction)",
        "Zeros among the kernel values that are stored in the file.",
        **_number(lambda v, _: v.sparsity_fraction, "{:.3f}"),
        better=HIGHER,
        brief="zeros",
    ),
    Figure(
        "distinct_weights",
        "distinct weights\n(count)",
        "The most distinct values stored in one kernel; per channel where each channel has its own scale.",
        **_number(lambda v, _: v.unique_weights, "{:,.0f}"),
        better=LOWER,
    ),
    Figure(
        "parameters",
        "parameters\n(count)",
        "Of the network before batch normalisation is folded, as papers count them.",
        **_number(lambda v, _: v.parameters, "{:,.0f}"),
        better=LOWER,
    ),
    Figure(
        "trainable",
        "trainable\n(count)",
        "Parameters that training changes: with a frozen base the head's, which grow with the image if flattened.",
        **_number(lambda v, _: v.trainable_parameters, "{:,.0f}"),
    ),
    Figure(
        "nonzero",
        "non-zero\n(count)",
        "Parameters less the zeros in the file's kernels.",
        **_number(lambda v, _: v.nonzero_parameters, "{:,.0f}"),
        better=LOWER,
    ),
    Figure(
        "macs",
        "MACs\n(million)",
        "Multiply-accumulate operations for one image, counted from the file's operators. Zeros are counted too.",
        **_number(lambda v, _: v.macs / 1e6, "{:,.1f}"),
        better=LOWER,
    ),
    Figure(
        "peak_memory",
        "peak memory\n(MiB)",
        "The most memory that a fresh interpreter process gains by loading the file and classifying images.",
        **_number(lambda v, _: v.peak_memory_bytes / MIB, "{:.1f}"),
        better=LOWER,
    ),
    Figure(
        "epoch_seconds",
        "epoch\n(s)",
        "Median time of an epoch of the chain's last training.",
        **_number(lambda v, _: v.epoch_seconds, "{:.1f}"),
        better=LOWER,
    ),
    Figure(
        "stored_as",
        "stored as",
        "Number types that the kernels are stored in.",
        **_words(lambda v: ", ".join(v.weight_dtypes)),
    ),
    Figure(
        "test_set", "test set", "Whose test images it was measured on.", **_words(lambda v: v.dataset or "this study")
    ),
    Figure(
        "note",
        "note",
        "Where a step did not help, or stands short of its full training.",
        **_words(lambda v: v.note),
        is_usual=True,
    ),
)


def figures(*names: str) -> tuple[Figure, ...]:
    """Those of the names, in their order."""
    known = {figure.name: figure for figure in FIGURES}
    return tuple(known[name] for name in names)


def baselines(variants: Sequence[VariantMeasurement]) -> dict[str, VariantMeasurement]:
    """Image setting → its baseline, which comes first of its variants."""
    return {variant.setting: variant for variant in reversed(variants)}
