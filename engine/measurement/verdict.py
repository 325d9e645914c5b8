"""Says in a sentence or two where a variant did not help, or stands short of its training."""

from __future__ import annotations

from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.contract.network_facts import NetworkFacts
from engine.measurement.target_limits import limits_note
from engine.measurement.target_verdict import target_note

KIB = 1024
LEVEL = 0.05
"""Of a test that two files are equally accurate."""
SPARSE_ENOUGH = 0.3
"""Zeros from which a reader expects a smaller file."""
SAME_SIZE = 0.9
"""A file of more than this share of the baseline's bytes has not shrunk by its zeros."""
SAME_SPEED = 0.005
"""Closer to 1 than this, a ratio of latencies reads as 1.00."""


def training_note(facts: NetworkFacts) -> str:
    """One sentence where the last training was stopped early; else empty."""
    if not facts.stopped_early:
        return ""
    epochs = "1 epoch" if facts.trained_epochs == 1 else f"{facts.trained_epochs} epochs"
    return f"Its training was stopped early, after {epochs}."


def variant_note(
    variant: VariantMeasurement,
    baseline: VariantMeasurement,
    control: VariantMeasurement | None = None,
    compared: str = "",
) -> str:
    """What the variant's note says of its training, then of accuracy, size and latency where they are no better.

    Args:
        variant: with its latencies against the baseline's.
        control: the same without the part whose worth is in question; None: there is none, or the one that the
            variant names failed.
        compared: that part, such as "The teacher".

    Returns:
        Short sentences, one a subject; of the baseline itself none but what its note says, and its broken limits.
    """
    if variant.chain == baseline.chain:
        return " ".join(filter(None, (variant.note, limits_note(variant))))
    parts = [
        variant.note,
        _accuracy(variant, baseline),
        target_note(variant.paired),
        limits_note(variant),
        _worth(variant, control, compared),
        _size(variant, baseline),
        _latency(variant),
        _micro(variant),
    ]
    return " ".join(part for part in parts if part)


def _accuracy(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
    """Empty where these test images cannot tell the two apart."""
    if variant.dataset:
        return f"Measured on {variant.dataset}: accuracy and decisions do not compare with the baseline's."
    points = (variant.accuracy - baseline.accuracy) * 100
    if not _is_apart(variant, baseline, variant.paired):
        return ""
    how = "Less" if points < 0 else "More"
    return f"{how} accurate than the baseline by {abs(points):.1f} points{_by_images(variant.paired)}."


def _is_apart(variant: VariantMeasurement, other: VariantMeasurement, paired: PairedComparison | None) -> bool:
    """By the paired test; of runs of versions that had none, by intervals that do not overlap."""
    if paired is not None:
        return (paired.p_value if paired.p_holm is None else paired.p_holm) < LEVEL
    return variant.accuracy_ci95[0] > other.accuracy_ci95[1] or variant.accuracy_ci95[1] < other.accuracy_ci95[0]


def _by_images(paired: PairedComparison | None) -> str:
    """The images by which two files were told apart, as the end of a sentence."""
    if paired is None:
        return ""
    low, high = (100 * one for one in paired.difference_ci95)
    return (
        f" (95 % interval {low:+.1f} to {high:+.1f}): of {paired.images:,} test images {paired.lost} became wrong and "
        f"{paired.won} right"
    )


def _worth(variant: VariantMeasurement, control: VariantMeasurement | None, compared: str) -> str:
    """What the compared part changed, by the control that is without it."""
    if control is None:
        return f'{compared} cannot be judged, as the control "{variant.control}" failed.' if variant.control else ""
    points = (variant.accuracy - control.accuracy) * 100
    if not _is_apart(variant, control, variant.paired_control):
        return f"{compared} made no measurable difference: without it {control.accuracy * 100:.1f} %."
    if points > 0:
        return f"{compared} improved accuracy by {points:.1f} points."
    return f"{compared} cost {-points:.1f} points of accuracy."


def _size(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
    zips_smaller = variant.zip_bytes < baseline.zip_bytes
    sparse = variant.sparsity_fraction > SPARSE_ENOUGH
    if sparse and zips_smaller and variant.model_bytes > SAME_SIZE * baseline.model_bytes:
        return "Zeros are stored like other values: the file shrinks only when it is zipped."
    if variant.model_bytes >= baseline.model_bytes and not zips_smaller:
        return "Not smaller than the baseline, zipped or not."
    if not zips_smaller:
        return "Not smaller than the baseline once both are zipped."
    return ""


def _micro(variant: VariantMeasurement) -> str:
    """What the file for TensorFlow Lite Micro gives and costs, where there is one."""
    if variant.micro is None:
        return ""
    micro = variant.micro
    other = micro.images - micro.same_class
    apart = (
        f" It rounds as LiteRT does not, and predicts another class for {other} of {micro.images} images."
        if other
        else ""
    )
    return (
        f"For TensorFlow Lite Micro {micro.model_bytes / KIB:,.1f} KiB unzipped, with an arena of "
        f"{micro.arena_bytes / KIB:,.1f} KiB instead of {micro.plain_arena_bytes / KIB:,.1f}.{apart}"
    )


def _latency(variant: VariantMeasurement) -> str:
    low, high = variant.latency_ratio_ci95
    if low > 1 + SAME_SPEED:
        return f"Slower than the baseline on this processor ({variant.latency_ratio:.2f}×)."
    if high >= 1 - SAME_SPEED:
        return "Not measurably faster on this processor."
    return ""
