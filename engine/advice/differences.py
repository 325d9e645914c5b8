"""Whether two variants really differ in a figure, or by no more than the test images and the timing leave open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import sqrt

from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.figures.figure import Better, Figure, Interval, Uncertainty
from engine.figures.variant_figures import baselines
from engine.measurement.accuracy import Z_95

LEVEL = 0.05
SAME_TIME = 1.01
"""Two files of which neither takes more than this times as long as the other take the same time."""


class Difference(StrEnum):
    """Of one variant to another, in one figure."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    OPEN = "open"
    """What was measured does not tell."""


class Differences:
    """Compares the variants of one run."""

    def __init__(self, variants: Sequence[VariantMeasurement]) -> None:
        self._baselines: Mapping[str, VariantMeasurement] = baselines(variants)
        self._numbers: dict[tuple[str, int], tuple[VariantMeasurement, float | None]] = {}
        """Of a figure and a variant, which is kept so that no other takes its place in memory: a front asks for the
        same numbers again and again."""

    def number(self, figure: Figure, variant: VariantMeasurement) -> float | None:
        """The figure as a number; None where the variant does not have it."""
        key = figure.name, id(variant)
        if key not in self._numbers:
            self._numbers[key] = variant, figure.number(variant, self._baselines[variant.branch])
        return self._numbers[key][1]

    def text(self, figure: Figure, variant: VariantMeasurement) -> str:
        """The figure as tables show it."""
        return figure.text(variant, self._baselines[variant.branch])

    def between(self, figure: Figure, one: VariantMeasurement, other: VariantMeasurement) -> Difference:
        """What is known of the first variant in comparison with the second.

        - Of figures that are counted, every difference is real.
        - Accuracies differ where the images that both classified tell it; two files that are right for the same images
          are the same.
        - Latencies differ where the intervals of their ratios, timed in the same turns, lie apart.
        - Of other figures no interval is known: only equal ones are the same.
        """
        first, second = self.number(figure, one), self.number(figure, other)
        if first is None or second is None or figure.better is Better.NEITHER:
            return Difference.OPEN
        if figure.uncertainty is Uncertainty.TEST_IMAGES:
            return self._by_images(one, other)
        if figure.uncertainty is Uncertainty.TIMING:
            return self._by_timing(one, other)
        if first == second:
            return Difference.SAME
        if figure.uncertainty is Uncertainty.UNTOLD:
            return Difference.OPEN
        return _real((first > second) == (figure.better is Better.HIGHER))

    def _by_images(self, one: VariantMeasurement, other: VariantMeasurement) -> Difference:
        if one.dataset != other.dataset:
            return Difference.OPEN
        is_better = one.accuracy > other.accuracy
        if not _share_baseline(one, other) or not (_is_paired(one) and _is_paired(other)):
            return _apart(one.accuracy_ci95, other.accuracy_ci95, Better.HIGHER)
        changes = _changes(one), _changes(other)
        if sum(map(sum, changes)) == 0:
            return Difference.SAME
        for variant, rival in ((one, other), (other, one)):
            # Against what is right for the same images as the baseline: p is corrected for all variants, as in tables.
            if sum(_changes(rival)) == 0 and variant.paired is not None and variant.paired.p_holm is not None:
                return _real(is_better) if variant.paired.p_holm < LEVEL else Difference.OPEN
        if any(variant.paired is not None and variant.paired.groups for variant in (one, other)):
            # Images of one patient are no independent witnesses.
            return _apart(_change(one), _change(other), Better.HIGHER)
        won, lost = (first - second for first, second in zip(*changes, strict=True))
        # Each image that tells the two apart changed in one of them; so they are no more than all that changed.
        return _real(is_better) if _tells(won - lost, sum(map(sum, changes))) else Difference.OPEN

    def _by_timing(self, one: VariantMeasurement, other: VariantMeasurement) -> Difference:
        if _share_baseline(one, other):
            if not (one.is_timed_in_turn and other.is_timed_in_turn):
                return Difference.OPEN
            intervals = one.latency_ratio_ci95, other.latency_ratio_ci95
        else:
            intervals = (one.latency_p50_ms, one.latency_p95_ms), (other.latency_p50_ms, other.latency_p95_ms)
        lows, highs = zip(*intervals, strict=True)
        if max(highs) <= SAME_TIME * min(lows):
            return Difference.SAME
        return _apart(*intervals, Better.LOWER)


def _real(is_better: bool) -> Difference:
    return Difference.BETTER if is_better else Difference.WORSE


def _apart(first: Interval, second: Interval, better: Better) -> Difference:
    """By intervals that do not overlap."""
    if first[0] > second[1]:
        return _real(better is Better.HIGHER)
    if first[1] < second[0]:
        return _real(better is Better.LOWER)
    return Difference.OPEN


def _share_baseline(one: VariantMeasurement, other: VariantMeasurement) -> bool:
    return one.setting == other.setting and one.repeat == other.repeat


def _is_paired(variant: VariantMeasurement) -> bool:
    return variant.chain == BASELINE or variant.paired is not None


def _changes(variant: VariantMeasurement) -> tuple[int, int]:
    """Images that became right and wrong against the baseline."""
    return (variant.paired.won, variant.paired.lost) if variant.paired else (0, 0)


def _change(variant: VariantMeasurement) -> Interval:
    """Of the accuracy against the baseline's."""
    return variant.paired.difference_ci95 if variant.paired else (0.0, 0.0)


def _tells(surplus: int, changed: int) -> bool:
    """McNemar's test with the continuity correction (Edwards 1948), at 5 %.

    Args:
        surplus: images that one of two files alone classifies rightly, less those of the other.
        changed: how many images there are of both kinds, at most: fewer would tell the difference more surely.
    """
    return changed > 0 and (abs(surplus) - 1) / sqrt(changed) > Z_95
