"""Whether variants of different runs really differ in a figure."""

from __future__ import annotations

from engine.advice.differences import LEVEL, SAME_TIME, Difference, Differences
from engine.comparison.comparison import ComparedRow, Comparison
from engine.comparison.pairing import NotComparable, changed_images
from engine.contract.measurements import VariantMeasurement
from engine.figures.figure import Figure, Uncertainty
from engine.measurement.paired_comparison import mcnemar_p_value


class RunDifferences(Differences):
    """Accuracies differ where both were tested on the same images, which tell it; latencies where both were timed in
    turn. What else is counted differs as it is."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._row_of: dict[str, ComparedRow] = {row.name: row for row in comparison.rows}
        self.variants = tuple(_named(row) for row in comparison.rows)
        """The rows as variants whose names are those of the rows."""
        super().__init__(self.variants)

    def number(self, figure: Figure, variant: VariantMeasurement) -> float | None:
        return self._comparison.number(figure, self._row_of[variant.name])

    def text(self, figure: Figure, variant: VariantMeasurement) -> str:
        return self._comparison.text(figure, self._row_of[variant.name])

    def between(self, figure: Figure, one: VariantMeasurement, other: VariantMeasurement) -> Difference:
        if figure.uncertainty not in (Uncertainty.TEST_IMAGES, Uncertainty.TIMING):
            return super().between(figure, one, other)
        first, second = self._row_of[one.name], self._row_of[other.name]
        if self.number(figure, one) is None or self.number(figure, other) is None:
            return Difference.OPEN
        if figure.uncertainty is Uncertainty.TIMING:
            return _by_turns(first, second)
        return _by_answers(first, second)


def _by_answers(first: ComparedRow, second: ComparedRow) -> Difference:
    try:
        won, lost = changed_images(second.source, first.source)
    except NotComparable:
        return Difference.OPEN
    if won + lost == 0:
        return Difference.SAME
    # Images of one patient are no independent witnesses, and whose they are is not kept.
    if first.source.run.has_groups or mcnemar_p_value(won, lost) >= LEVEL:
        return Difference.OPEN
    return Difference.BETTER if won > lost else Difference.WORSE


def _by_turns(first: ComparedRow, second: ComparedRow) -> Difference:
    if not (first.timed_together and second.timed_together):
        return Difference.OPEN
    (low, high), (other_low, other_high) = first.shown.latency_ratio_ci95, second.shown.latency_ratio_ci95
    if max(high, other_high) <= SAME_TIME * min(low, other_low):
        return Difference.SAME
    if high < other_low:
        return Difference.BETTER
    return Difference.WORSE if low > other_high else Difference.OPEN


def _named(row: ComparedRow) -> VariantMeasurement:
    return row.shown.model_copy(update={"chain": row.name, "setting": "", "repeat": "", "trial": None})
