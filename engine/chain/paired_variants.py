"""Holds the variants of a run against each other on the test images that they share. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

from engine.chain.classified_images import ClassifiedImages
from engine.contract.measurements import PairedComparison
from engine.contract.target_settings import TargetSettings
from engine.measurement.paired_comparison import holm, paired_comparison, recall_comparison, within_drop

NO_TARGET = TargetSettings()


class PairedVariants:
    """Collects predictions, and compares any two files that classified the same images."""

    def __init__(self, target: TargetSettings = NO_TARGET) -> None:
        """
        Args:
            target: what files may lose against their baseline.
        """
        self.target = target
        self.classified: dict[str, ClassifiedImages] = {}
        """Variant → what its file predicts."""

    def add(self, name: str, classified: ClassifiedImages) -> None:
        """
        Args:
            name: of the variant.
        """
        self.classified[name] = classified

    def compared(self, name: str, against: str) -> PairedComparison | None:
        """A variant against another; None where there is no other, or it classified other images."""
        first, second = self.classified.get(against), self.classified.get(name)
        if name == against or first is None or second is None or first.images != second.images:
            return None
        return paired_comparison(first.labels, first.predicted, second.predicted, first.groups, against)

    def against_baseline(self, baselines: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, PairedComparison]:
        """Each variant against its baseline, corrected for all that are held against the same one.

        Args:
            baselines: variant → its baseline.
            keys: variant → what its file is; variants of one file count once in the correction.
        """
        found = {
            name: one for name, baseline in baselines.items() if (one := self.compared(name, baseline)) is not None
        }
        # The trials of a search that have one baseline are one family.
        for baseline in {keys[name] for name in baselines.values()}:
            own = {name: one for name, one in found.items() if keys[one.against] == baseline}
            distinct = {keys[name]: one.p_value for name, one in own.items()}
            corrected = dict(zip(distinct, holm(tuple(distinct.values())), strict=True))
            found |= {name: one.model_copy(update={"p_holm": corrected[keys[name]]}) for name, one in own.items()}
        return {name: self._judged(name, one) for name, one in found.items()}

    def _judged(self, name: str, comparison: PairedComparison) -> PairedComparison:
        """With the verdicts on what the target allows."""
        if self.target.max_accuracy_drop:
            comparison = within_drop(comparison, self.target.max_accuracy_drop)
        first, second = self.classified[comparison.against], self.classified[name]
        recall = {
            of: recall_comparison(
                first.labels, first.predicted, second.predicted, first.groups, first.classes.index(of), drop
            )
            for of, drop in self.target.max_recall_drop.items()
        }
        return comparison.model_copy(update={"recall": recall})
