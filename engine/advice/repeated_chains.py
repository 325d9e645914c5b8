"""Chains that a run repeats with other seeds or folds, each as one variant with mean figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from engine.contract.measurements import VariantMeasurement


def mean_variants(variants: Sequence[VariantMeasurement]) -> tuple[VariantMeasurement, ...]:
    """One per chain and image setting; the variants themselves where the run repeats nothing.

    It is named after the first repeat: the best one would be the luckiest. Its intervals reach over all repeats, so
    that chains differ only where the worst repeat of one is better than the best of the other.
    """
    if len({variant.repeat for variant in variants}) < 2:
        return tuple(variants)
    chains: dict[tuple[str, str], list[VariantMeasurement]] = {}
    for variant in variants:
        chains.setdefault((variant.setting, variant.chain), []).append(variant)
    return tuple(_mean(repeats) for repeats in chains.values())


def _mean(repeats: Sequence[VariantMeasurement]) -> VariantMeasurement:
    def mean(figure: Callable[[VariantMeasurement], float]) -> float:
        return fmean(map(figure, repeats))

    accuracies = [variant.accuracy for variant in repeats]
    ratios = [variant.latency_ratio_ci95 for variant in repeats]
    return repeats[0].model_copy(
        update={
            "accuracy": mean(lambda one: one.accuracy),
            "accuracy_ci95": (min(accuracies), max(accuracies)),
            "paired": None,
            "agreement": None,
            "model_bytes": round(mean(lambda one: one.model_bytes)),
            "zip_bytes": round(mean(lambda one: one.zip_bytes)),
            "latency_p50_ms": mean(lambda one: one.latency_p50_ms),
            "latency_p95_ms": max(one.latency_p95_ms for one in repeats),
            "latency_ratio": mean(lambda one: one.latency_ratio),
            "latency_ratio_ci95": (min(low for low, _ in ratios), max(high for _, high in ratios)),
        }
    )
