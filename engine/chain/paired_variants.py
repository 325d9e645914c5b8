"""Holds the variants of a run against each other on the test images that they share. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping

from engine.chain.classified_images import ClassifiedImages
from engine.contract.measurements import PairedComparison
from engine.measurement.paired_comparison import holm, paired_comparison, within_drop


class PairedVariants:
    """Collects predictions, and compares any two files that classified the same images."""

    def __init__(self, max_drop: float = 0.0) -> None:
        """
        Args:
            max_drop: of the accuracy against the baseline; 0: not asked.
        """
        self.max_drop = max_drop
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
        if self.max_drop:
            found = {name: within_drop(one, self.max_drop) for name, one in found.items()}
        return found
