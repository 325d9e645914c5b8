"""The figures of a variant, declared once: tables in the window, a terminal, Markdown and reports, and bars read them.

`--json` and CSV have the measurements themselves, under the names of `VariantMeasurement`.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.contract.measurements import VariantMeasurement
from engine.contract.run_result import RunResult
from engine.figures.figure import BYTES, FRACTION, MILLISECONDS, MISSING, Bar, Better, Figure, Uncertainty
from engine.figures.figure_forms import (
    by_number,
    change_of_accuracy,
    interval,
    milliseconds,
    number,
    of_images,
    timed_in_turn,
    words,
)
from engine.figures.figure_text import p_text
from engine.figures.runtime_words import (
    delegates_sentences,
    delegates_text,
    limits_text,
    runs_on_sentences,
    runs_on_text,
)

KIB, MIB = 1024, 1024**2


def steps_text(variant: VariantMeasurement) -> str:
    """Such as "pruning 80 % → int8"."""
    return " → ".join(variant.steps) or "trained network, float32"


def _arena_kib(variant: VariantMeasurement) -> float | None:
    """Of the one runtime that has an arena."""
    arenas = (one.arena_bytes for one in variant.runtimes.values() if one.arena_bytes is not None)
    return next((arena / KIB for arena in arenas), None)


NOT_TESTED = 2.0
"""Sorts behind all p values."""
HIGHER, LOWER = Better.HIGHER, Better.LOWER

FIGURES: tuple[Figure, ...] = (
    Figure("chain", "chain", "The chain's name.", **words(lambda v: v.chain), is_usual=True),
    Figure(
        "setting",
        "images",
        "The image setting that the network was trained on: size, JPEG quality, wavelet transform.",
        lambda variant, _: by_number(variant.setting),
        lambda variant, _: variant.setting,
        compares_images=True,
        is_usual=True,
    ),
    Figure(
        "image_ratio",
        "image ratio\n(: 1)",
        "Compression ratio: bytes of the image files as they came over those of the images as resized and re-saved.",
        **of_images(lambda images: images.compression_ratio, "{:.2f}"),
        better=HIGHER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "image_gain",
        "image gain\n(%)",
        "Space gain: the share of the image files' bytes that is saved.",
        **of_images(lambda images: 100 * images.space_gain, "{:.1f}"),
        better=HIGHER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "accuracy",
        "accuracy\n(95 % CI)",
        "Share of the test images that the file classifies correctly, with its Wilson 95 % interval.",
        **interval(lambda v: v.accuracy, lambda v: v.accuracy_ci95, "{:.3f}"),
        better=HIGHER,
        uncertainty=Uncertainty.TEST_IMAGES,
        is_usual=True,
        bar=Bar("accuracy, CI ({unit})", FRACTION, lambda v: v.accuracy, lambda v: v.accuracy_ci95, "accuracy"),
    ),
    Figure(
        "balanced_accuracy",
        "balanced\naccuracy",
        "The mean recall of the classes: accuracy as if every class had as many test images.",
        **number(lambda v, _: v.balanced_accuracy, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "macro_f1",
        "macro F1",
        "The mean over the classes of the harmonic mean of precision and recall.",
        **number(lambda v, _: v.macro_f1, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "mcc",
        "MCC",
        "Matthews correlation coefficient between true and predicted classes: 1 perfect, 0 no better than chance.",
        **number(lambda v, _: v.mcc, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "auc",
        "AUC",
        "Area under the ROC curve, each class against the rest, mean over the classes.",
        **number(lambda v, _: v.auc.macro if v.auc else None, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "ece",
        "calibration\nerror",
        "Expected calibration error: by how much the probability of the predicted class and the share that is right "
        "differ, over 15 bins.",
        **number(lambda v, _: v.ece, "{:.3f}"),
        better=LOWER,
    ),
    Figure(
        "log_loss",
        "log loss\n(nats)",
        "Mean of -ln of the probability that the file gives the true class.",
        **number(lambda v, _: v.log_loss, "{:.3f}"),
        better=LOWER,
    ),
    Figure(
        "sensitivity",
        "sensitivity\n(at threshold)",
        "Of two classes: the share of the second class that is found, with the decision threshold that was chosen on "
        "the validation images.",
        **number(lambda v, _: v.threshold.sensitivity if v.threshold else None, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "specificity",
        "specificity\n(at threshold)",
        "Of two classes: the share of the first class that is kept out, with that threshold.",
        **number(lambda v, _: v.threshold.specificity if v.threshold else None, "{:.3f}"),
        better=HIGHER,
    ),
    Figure(
        "accuracy_change",
        "Δ accuracy\n(points)",
        "Difference of the accuracy to the baseline's, in percentage points, with its interval: both files classified "
        "the same images, so only those tell that one classifies correctly and the other does not.",
        **change_of_accuracy(),
        better=HIGHER,
        uncertainty=Uncertainty.TEST_IMAGES,
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
        lambda v, _: MISSING if v.paired is None or v.paired.p_holm is None else p_text(v.paired.p_holm),
    ),
    Figure(
        "agreement",
        "agreement\n(fraction)",
        "Share of the test images to which the file gives the same class as the float32 baseline, right or wrong.",
        **number(lambda v, _: v.agreement, "{:.3f}"),
        better=HIGHER,
        is_usual=True,
        brief="agree-\nment",
    ),
    Figure(
        "size",
        "size\n(KiB)",
        "The .tflite file, in units of 1024 bytes.",
        **number(lambda v, _: v.model_bytes / KIB, "{:,.1f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
        is_usual=True,
        brief="size\nKiB",
        bar=Bar("file ({unit})", BYTES, lambda v: v.model_bytes),
    ),
    Figure(
        "size_ratio",
        "size\n(× baseline)",
        "File size over the baseline's.",
        **number(lambda v, b: v.model_bytes / max(b.model_bytes, 1), "{:.2f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
        is_usual=True,
        brief="× of\nbase",
    ),
    Figure(
        "zip",
        "zipped\n(KiB)",
        "The file in a ZIP (DEFLATE, level 9). Zeros and clusters are stored like other values, so pruning and "
        "clustering do not make a .tflite smaller until it is zipped; but see the TFLM file.",
        **number(lambda v, _: v.zip_bytes / KIB, "{:,.1f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
        brief="zip\nKiB",
        bar=Bar("zipped file ({unit})", BYTES, lambda v: v.zip_bytes),
    ),
    Figure(
        "zip_ratio",
        "zipped\n(× baseline)",
        "Zipped size over the baseline's zipped size: what a download costs.",
        **number(lambda v, b: v.zip_bytes / max(b.zip_bytes, 1), "{:.2f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
        is_usual=True,
    ),
    Figure(
        "micro_size",
        "TFLM file\n(KiB)",
        "The file for TensorFlow Lite Micro, whose kernels are look-up tables, as it is: not zipped.",
        **number(lambda v, _: v.micro.model_bytes / KIB if v.micro else None, "{:,.1f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "micro_arena",
        "TFLM arena\n(KiB)",
        "What TensorFlow Lite Micro keeps the tensors of that file in, on this computer.",
        **number(lambda v, _: v.micro.arena_bytes / KIB if v.micro else None, "{:,.1f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "latency",
        "latency p50\n(ms)",
        "Median time for one image in LiteRT, after a warm-up, measured in turn with all variants.",
        **milliseconds(lambda v: v.latency_p50_ms),
        better=LOWER,
        uncertainty=Uncertainty.TIMING,
        is_usual=True,
        brief="p50\nms",
        bar=Bar(
            "latency p50–p95 ({unit})",
            MILLISECONDS,
            lambda v: v.latency_p50_ms,
            lambda v: (v.latency_p50_ms, v.latency_p95_ms),
            "latency p50",
        ),
        interval=lambda v: (v.latency_p50_ms, v.latency_p95_ms),
    ),
    Figure(
        "latency_p95",
        "latency p95\n(ms)",
        "95 % of the images take no longer.",
        **milliseconds(lambda v: v.latency_p95_ms),
        better=LOWER,
        brief="p95\nms",
    ),
    Figure(
        "latency_ratio",
        "latency\n(× baseline, 95 % CI)",
        "Latency over the baseline's in the same turn; below 1 is faster. Zeros alone do not speed LiteRT up.",
        **timed_in_turn(interval(lambda v: v.latency_ratio, lambda v: v.latency_ratio_ci95, "{:.2f}")),
        better=LOWER,
        uncertainty=Uncertainty.TIMING,
        is_usual=True,
        brief="time ×\nof base",
    ),
    Figure(
        "runs_on",
        "runs on",
        "The runtimes that run the file on this computer, tried on some of the test images. A share behind a runtime "
        "says how often it gives LiteRT's class, where that is not always.",
        **words(runs_on_text),
        is_usual=True,
        detail=runs_on_sentences,
    ),
    Figure(
        "tflm_arena",
        "TFLM arena\nof the file (KiB)",
        "What TensorFlow Lite Micro keeps the tensors of the .tflite file in, on this computer.",
        **number(lambda v, _: _arena_kib(v), "{:,.1f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "delegates",
        "delegates\n(by rule)",
        "Accelerators of phones and small computers that take every convolution and dense layer of the file, by the "
        "rules that their makers publish; not measured.",
        **words(delegates_text),
        detail=delegates_sentences,
    ),
    Figure(
        "limits",
        "target\nlimits",
        "Whether the file runs on the runtimes that the target names, and keeps its limits of arena and size.",
        **words(limits_text),
    ),
    Figure("steps", "steps", "What was done to the trained network, in this order.", **words(steps_text)),
    Figure(
        "sparsity",
        "sparsity\n(fraction)",
        "Zeros among the kernel values that are stored in the file.",
        **number(lambda v, _: v.sparsity_fraction, "{:.3f}"),
        better=HIGHER,
        uncertainty=Uncertainty.COUNTED,
        brief="zeros",
    ),
    Figure(
        "distinct_weights",
        "distinct weights\n(count)",
        "The most distinct values stored in one kernel; per channel where each channel has its own scale.",
        **number(lambda v, _: v.unique_weights, "{:,.0f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "parameters",
        "parameters\n(count)",
        "Of the network before batch normalisation is folded, as papers count them.",
        **number(lambda v, _: v.parameters, "{:,.0f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "trainable",
        "trainable\n(count)",
        "Parameters that training changes: with a frozen base the head's, which grow with the image if flattened.",
        **number(lambda v, _: v.trainable_parameters, "{:,.0f}"),
    ),
    Figure(
        "nonzero",
        "non-zero\n(count)",
        "Parameters less the zeros in the file's kernels.",
        **number(lambda v, _: v.nonzero_parameters, "{:,.0f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "macs",
        "MACs\n(million)",
        "Multiply-accumulate operations for one image, counted from the file's operators. Zeros are counted too.",
        **number(lambda v, _: v.macs / 1e6, "{:,.1f}"),
        better=LOWER,
        uncertainty=Uncertainty.COUNTED,
    ),
    Figure(
        "peak_memory",
        "peak memory\n(MiB)",
        "The most memory that a fresh interpreter process gains by loading the file and classifying images.",
        **number(lambda v, _: v.peak_memory_bytes / MIB, "{:.1f}"),
        better=LOWER,
    ),
    Figure(
        "epoch_seconds",
        "epoch\n(s)",
        "Median time of an epoch of the chain's last training.",
        **number(lambda v, _: v.epoch_seconds, "{:.1f}"),
        better=LOWER,
    ),
    Figure(
        "stored_as",
        "stored as",
        "Number types that the kernels are stored in.",
        **words(lambda v: ", ".join(v.weight_dtypes)),
    ),
    Figure(
        "test_set", "test set", "Whose test images it was measured on.", **words(lambda v: v.dataset or "this study")
    ),
    Figure(
        "note",
        "note",
        "Where a step did not help, or stands short of its full training.",
        **words(lambda v: v.note),
        is_usual=True,
    ),
)


def figures(*names: str) -> tuple[Figure, ...]:
    """Those of the names, in their order."""
    known = {figure.name: figure for figure in FIGURES}
    return tuple(known[name] for name in names)


def baselines(variants: Sequence[VariantMeasurement]) -> dict[str, VariantMeasurement]:
    """Branch → its baseline, which comes first of its variants."""
    return {variant.branch: variant for variant in reversed(variants)}


def told_variants(result: RunResult) -> tuple[VariantMeasurement, ...]:
    """Of a search those on the front, each with its baseline, where it has a front; else all."""
    found = {point.trial for point in result.search.front} if result.search else set()
    return tuple(one for one in result.variants if one.trial in found) if found else result.variants
