"""Says in a sentence or two where a variant did not help."""

from __future__ import annotations

from engine.contract.measurements import VariantMeasurement

SPARSE_ENOUGH = 0.3


def variant_note(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
    """At most three short sentences; empty for the baseline."""
    if variant.chain == baseline.chain:
        return ""
    parts = [_accuracy(variant, baseline), _size(variant, baseline), _latency(variant)]
    return " ".join(part for part in parts if part)


def _accuracy(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
    low, high = variant.accuracy_ci95
    if high < baseline.accuracy_ci95[0]:
        return f"Less accurate than the baseline by {(baseline.accuracy - variant.accuracy) * 100:.1f} points."
    if low > baseline.accuracy_ci95[1]:
        return f"More accurate than the baseline by {(variant.accuracy - baseline.accuracy) * 100:.1f} points."
    return ""


def _size(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
    if variant.sparsity_fraction > SPARSE_ENOUGH and variant.model_bytes > 0.9 * baseline.model_bytes:
        return "Zeros are stored like other values: the file shrinks only when it is zipped."
    if variant.zip_bytes >= baseline.zip_bytes:
        return "Not smaller than the baseline."
    return ""


def _latency(variant: VariantMeasurement) -> str:
    low, high = variant.latency_ratio_ci95
    if low > 1.0:
        return f"Slower than the baseline on this processor ({variant.latency_ratio:.2f}×)."
    if high >= 1.0:
        return "Not measurably faster on this processor."
    return ""
