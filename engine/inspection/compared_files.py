"""A compressed file and its float baseline, opened side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from engine.inspection.observed_file import ObservedFile
from engine.inspection.observed_layers import LayerPair, MatchedLayers, match_layers
from engine.inspection.run_models import InspectedRun, RunModel


@dataclass(frozen=True)
class ComparedFiles:
    """A variant and its baseline, opened. For one thread at a time."""

    baseline: ObservedFile
    other: ObservedFile

    @classmethod
    def open(cls, run: InspectedRun, variant: RunModel) -> ComparedFiles:
        """
        Raises:
            DataError: a file is gone or damaged, or does not run here.
        """
        return cls(*(ObservedFile(one.opened(), one.name) for one in (run.model(variant.baseline), variant)))

    @cached_property
    def matched(self) -> MatchedLayers:
        return match_layers(self.baseline.layers, self.other.layers)

    @property
    def same_classes(self) -> bool:
        """Whether both tell the same classes apart; not after a step that transfers to another dataset."""
        return self.baseline.model.classes == self.other.model.classes

    @property
    def first_and_last(self) -> tuple[LayerPair, ...]:
        """The first and the last convolution, which Garifulla et al. 2022 show."""
        found = [pair for pair in self.matched.pairs if pair.baseline.is_convolution]
        return tuple(dict.fromkeys((found[0], found[-1]))) if found else ()
