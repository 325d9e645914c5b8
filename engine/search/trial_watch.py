"""Ends a trial whose baseline is too weak: while it trains, or once it is whole."""

from __future__ import annotations

from engine.chain.baseline_watch import BaselineWatch
from engine.contract.measurements import VariantMeasurement
from engine.contract.search_settings import SearchSettings
from engine.contract.training_outcome import EpochRecord
from engine.search.epoch_rungs import EpochRungs, Lag
from engine.search.planned_baseline import PlannedBaseline
from engine.search.weak_baseline import WeakBaselines


class WeakTrials:
    """Remembers the baselines of a search; a search that is resumed finds the same ones weak."""

    def __init__(self, settings: SearchSettings, validation_images: int) -> None:
        self.stops = settings.stop_weak
        self.rungs = EpochRungs(settings, validation_images)
        self.baselines = WeakBaselines(settings, validation_images)
        self.whole: dict[str, VariantMeasurement] = {}
        """Key → each baseline that a trial of this search has trained to its end."""

    def watch(self, baseline: PlannedBaseline) -> TrialWatch:
        """Of the next trial."""
        return TrialWatch(self, baseline)


class TrialWatch(BaselineWatch):
    """One trial."""

    def __init__(self, weak: WeakTrials, baseline: PlannedBaseline) -> None:
        self._weak, self._baseline = weak, baseline
        self._records: list[EpochRecord] = []
        self.why_stopped = ""
        """Empty: it was not."""
        self.lag: Lag | None = None
        """Where its training was stopped; None: it was not."""
        self.baseline: VariantMeasurement | None = None
        """Once it is whole."""

    @property
    def _judges(self) -> bool:
        return self._weak.stops and self._baseline.bounds_chain

    def is_worth_training(self, record: EpochRecord) -> bool:
        self._records.append(record)
        lag = self._weak.rungs.lag(self._baseline, self._records)
        # What a baseline has come to says more than what it had reached on the way.
        if lag is None or not self._judges or self._baseline.key in self._weak.whole:
            return True
        self.lag, self.why_stopped = lag, str(lag)
        return False

    def is_worth_chains(self, baseline: VariantMeasurement) -> bool:
        self.baseline = self._weak.whole[self._baseline.key] = baseline
        why = self._weak.baselines.why_weak(baseline)
        self.why_stopped = why if self._judges else ""
        return not self.why_stopped

    @property
    def stands_for(self) -> VariantMeasurement | None:
        """A whole baseline that was ahead of a stopped one, and costs no more; None: there is none."""
        ahead = self.lag.ahead if self.lag else ()
        return next((self._weak.whole[one.key] for one in ahead if one.key in self._weak.whole), None)
