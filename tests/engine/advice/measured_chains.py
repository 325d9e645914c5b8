"""Variants by what became of their test images, with the intervals that follow from it."""

from __future__ import annotations

from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.measurement.difference_intervals import score_interval
from engine.measurement.paired_comparison import mcnemar_p_value, within_drop
from tests.ui.study_events import variant

BASELINE = variant("baseline", accuracy=0.9, accuracy_ci95=(0.88, 0.92))


def changed(
    chain: str, won: int, lost: int, p_holm: float = 1.0, images: int = 1000, max_drop: float = 0.0, **more: object
) -> VariantMeasurement:
    """A variant by how many images became right and wrong against `BASELINE`."""
    paired = PairedComparison(
        against="baseline", images=images, won=won, lost=lost, difference=(won - lost) / images,
        difference_ci95=score_interval(won, lost, images), p_value=mcnemar_p_value(won, lost), p_holm=p_holm,
    )  # fmt: skip
    if max_drop:
        paired = within_drop(paired, max_drop)
    accuracy = 0.9 + (won - lost) / images
    return variant(chain, paired=paired, accuracy=accuracy, accuracy_ci95=(accuracy - 0.02, accuracy + 0.02), **more)
