"""Holds the variants of a run against each other on the test images that they share. No TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.measurements import PairedComparison
from engine.measurement.paired_comparison import holm, paired_comparison, within_drop


@dataclass(frozen=True)
class _Classified:
    """What one file predicts on the test images."""

    paths: tuple[str, ...]
    labels: np.ndarray
    predicted: np.ndarray


class PairedVariants:
    """Collects predictions, and compares any two files that classified the same images."""

    def __init__(self, groups: Mapping[str, str], max_drop: float = 0.0) -> None:
        """
        Args:
            groups: path of an image → what it belongs to, such as its patient; empty: each image stands alone.
            max_drop: of the accuracy against the baseline; 0: not asked.
        """
        self._groups, self._max_drop = groups, max_drop
        self._classified: dict[str, _Classified] = {}

    def add(self, name: str, paths: Sequence[str], labels: np.ndarray, predicted: np.ndarray) -> None:
        """
        Args:
            name: of the variant.
            labels, predicted: int64 (images,), of the images of `paths`.
        """
        self._classified[name] = _Classified(tuple(paths), labels, predicted)

    def compared(self, name: str, against: str) -> PairedComparison | None:
        """A variant against another; None where there is no other, or it classified other images."""
        first, second = self._classified.get(against), self._classified.get(name)
        if name == against or first is None or second is None or first.paths != second.paths:
            return None
        groups = [self._groups.get(path, "") for path in first.paths] if self._groups else []
        return paired_comparison(first.labels, first.predicted, second.predicted, groups, against)

    def against_baseline(self, baselines: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, PairedComparison]:
        """Each variant against its baseline, corrected for all that are held against the same one.

        Args:
            baselines: variant → its baseline.
            keys: variant → what its file is; variants of one file count once in the correction.
        """
        found = {
            name: one for name, baseline in baselines.items() if (one := self.compared(name, baseline)) is not None
        }
        for baseline in set(baselines.values()):
            own = {name: one for name, one in found.items() if one.against == baseline}
            distinct = {keys[name]: one.p_value for name, one in own.items()}
            corrected = dict(zip(distinct, holm(tuple(distinct.values())), strict=True))
            found |= {name: one.model_copy(update={"p_holm": corrected[keys[name]]}) for name, one in own.items()}
        if self._max_drop:
            found = {name: within_drop(one, self._max_drop) for name, one in found.items()}
        return found
