"""Joules per inference: a meter's watts, aligned with the times in which each file ran without a pause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import DataError
from engine.device.device_results import DeviceResults, MeteredSpan
from engine.device.power_log import PowerLog

SAMPLE_S = 0.1
COARSE_S, FINE_S = 0.25, 0.02
NEAR_S = 120.0
"""By how much two clocks that are set differ at most."""
LEAST_MATCH = 0.6
"""Correlation of the watts with running and resting."""
EDGE_SHARE, MOST_EDGE_S = 0.1, 1.0
"""Left out at both ends of each time: meters take a moment."""
FEWEST_TRIED = 3


@dataclass(frozen=True)
class EnergyFigures:
    """Of one file with one number of threads."""

    joules: float
    """Per inference, all that the device takes."""
    joules_above_idle: float
    """Per inference, without what it takes anyway."""
    watts: float
    idle_watts: float


@dataclass(frozen=True)
class AlignedEnergy:
    figures: Mapping[tuple[str, int], EnergyFigures]
    """(variant, threads) → figures."""
    shift_s: float
    """The meter's clock less the device's, as the curves fit best; of a relative clock its beginning."""
    match: float
    """Correlation there, up to 1."""


def aligned_energy(results: DeviceResults, log: PowerLog) -> AlignedEnergy:
    """
    Raises:
        DataError: nothing was run for a meter, or its curve does not show it, or it has too few values.
    """
    if not results.energy:
        raise DataError(
            "These results hold no times for a power meter; measure again with sh run.sh --energy 30 while the meter "
            "records."
        )
    shift, match = _best_shift(results, log)
    idle = [_watts(span, shift, log) for span in results.idle]
    idle_watts = float(np.median(idle))
    figures = {}
    for span in results.energy:
        watts = _watts(span, shift, log)
        seconds = (span.ended - span.began) / span.inferences
        figures[span.model, span.threads] = EnergyFigures(
            watts * seconds, (watts - idle_watts) * seconds, watts, idle_watts
        )
    return AlignedEnergy(figures, shift, match)


def _best_shift(results: DeviceResults, log: PowerLog) -> tuple[float, float]:
    """Where the watts are high while files run and low while none does."""
    times, busy = _pattern(results)
    lowest, highest = log.seconds[0] - times[0], log.seconds[-1] - times[-1]
    if highest < lowest:
        raise DataError(
            f"The meter recorded for {log.seconds[-1] - log.seconds[0]:.0f} s, and the measurement took "
            f"{times[-1] - times[0]:.0f} s; record from before its beginning until after its end."
        )
    found = None
    if log.is_absolute and lowest <= NEAR_S and highest >= -NEAR_S:
        found = _search(times, busy, log, max(lowest, -NEAR_S), min(highest, NEAR_S))
    if found is None or found[1] < LEAST_MATCH:
        found = _search(times, busy, log, lowest, highest)
    if found[1] < LEAST_MATCH:
        raise DataError(
            "The meter's watts do not rise and fall with the measurement, so nothing can be told of its energy; check "
            "that it measured this device at this time, and that its rows are seconds and watts."
        )
    return found


def _pattern(results: DeviceResults) -> tuple[np.ndarray, np.ndarray]:
    """Moments of the device's clock, rising, and whether a file ran then."""
    spans = sorted([*((one, 1.0) for one in results.energy), *((one, 0.0) for one in results.idle)], key=_beginning)
    times = [np.arange(*_inside(span), SAMPLE_S) for span, _ in spans]
    return np.concatenate(times), np.concatenate(
        [np.full(len(part), busy) for part, (_, busy) in zip(times, spans, strict=True)]
    )


def _beginning(one: tuple[MeteredSpan, float]) -> float:
    return one[0].began


def _search(times: np.ndarray, busy: np.ndarray, log: PowerLog, lowest: float, highest: float) -> tuple[float, float]:
    best = (lowest, -1.0)
    for step in (COARSE_S, FINE_S):
        count = max(int((highest - lowest) / step) + 1, FEWEST_TRIED)
        tried = [(shift, _match(shift, times, busy, log)) for shift in np.linspace(lowest, highest, count)]
        best = max(tried, key=lambda one: one[1])
        lowest, highest = max(lowest, best[0] - COARSE_S), min(highest, best[0] + COARSE_S)
    return float(best[0]), best[1]


def _match(shift: float, times: np.ndarray, busy: np.ndarray, log: PowerLog) -> float:
    watts = np.interp(times + shift, log.seconds, log.watts)
    if watts.std() == 0:
        return 0.0
    return float(np.corrcoef(watts, busy)[0, 1])


def _inside(span: MeteredSpan) -> tuple[float, float]:
    edge = min(EDGE_SHARE * (span.ended - span.began), MOST_EDGE_S)
    return span.began + edge, span.ended - edge


def _watts(span: MeteredSpan, shift: float, log: PowerLog) -> float:
    began, ended = _inside(span)
    watts = log.mean_watts(began + shift, ended + shift)
    if watts is None:
        raise DataError(
            f"The meter has fewer than three values in {ended - began:.0f} s; let it record more often, or each file "
            "run longer: sh run.sh --energy 60."
        )
    return watts
