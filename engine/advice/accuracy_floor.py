"""What a file must reach in accuracy before its size and speed count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from engine.advice.differences import Difference, Differences
from engine.contract.errors import RecipeError
from engine.contract.measurements import PairedComparison, VariantMeasurement
from engine.contract.recipe import BASELINE
from engine.figures.figure_text import listed
from engine.figures.variant_figures import figures
from engine.measurement.target_verdict import points_text

(ACCURACY,) = figures("accuracy")


@dataclass(frozen=True)
class AccuracyFloor:
    """The least accuracy that is asked for, and the drops that the recipe's target allows, where it has any.

    Where neither is asked, a file must not be measurably less accurate than the baseline.
    """

    least: float = 0.0
    """Share of the test images, 0 to 1; 0: none asked."""

    def __post_init__(self) -> None:
        if not 0 <= self.least <= 1:
            raise RecipeError(f"The least accuracy is {self.least:g}; give a share from 0 to 1, such as 0.9.")

    def reached(
        self, variants: Sequence[VariantMeasurement], worse: Collection[str] = ()
    ) -> tuple[VariantMeasurement, ...]:
        """Those that reach it, by what was measured.

        Args:
            worse: names of those of which it is known beside that they are less accurate than the baseline.
        """
        differences = Differences(variants)
        asks_drop = bool(_asked_drops(variants))

        def reaches(variant: VariantMeasurement) -> bool:
            if variant.accuracy < self.least:
                return False
            if asks_drop:
                return variant.chain == BASELINE or (variant.paired is not None and _keeps_target(variant.paired))
            best = _best_baseline(variants)
            if self.least or best is None:
                return True
            if variant.name in worse:
                return False
            return differences.between(ACCURACY, variant, best) is not Difference.WORSE

        return tuple(variant for variant in variants if reaches(variant))

    def words(self, variants: Sequence[VariantMeasurement]) -> str:
        """What a file must reach, as the end of a sentence."""
        asked = [f"an accuracy of {self.least:.3f} or more"] if self.least else []
        if drops := _asked_drops(variants):
            asked.append(f"the target of at most {listed(drops)} lost, shown by the test images")
        return listed(asked) or "an accuracy that is not measurably below the baseline's"


def _keeps_target(paired: PairedComparison) -> bool:
    asked = [] if paired.max_drop is None else [paired.verdict]
    return all(verdict == "holds" for verdict in (*asked, *(one.verdict for one in paired.recall.values())))


def _asked_drops(variants: Sequence[VariantMeasurement]) -> list[str]:
    """Such as "2 points of accuracy", and "1 point of recall of "malignant"."""
    asking = (one.paired for one in variants if one.paired and (one.paired.max_drop or one.paired.recall))
    if (first := next(asking, None)) is None:
        return []
    of_accuracy = []
    if first.max_drop:
        points = points_text(first.max_drop)
        of_accuracy = [f"{points} of accuracy" if first.recall else points]
    return of_accuracy + [f'{points_text(one.max_drop)} of recall of "{name}"' for name, one in first.recall.items()]


def _best_baseline(variants: Sequence[VariantMeasurement]) -> VariantMeasurement | None:
    """Of all image settings."""
    trained = [variant for variant in variants if variant.chain == BASELINE]
    return max(trained, key=lambda variant: variant.accuracy, default=None)
