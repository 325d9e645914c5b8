"""Holds a file against the limits of the recipe's target: runtimes it is to run on, arena, bytes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.contract.measurements import VariantMeasurement
from engine.contract.runtime import RUNTIMES
from engine.contract.runtime_figures import KeptLimit, LimitVerdict
from engine.contract.target_settings import TargetSettings

MICRO = "tflm"
"""The runtime whose arena is meant."""
KIB = 1024


def kept_limits(target: TargetSettings, variant: VariantMeasurement) -> tuple[KeptLimit, ...]:
    """One for each that is asked, by what was measured of the file."""
    return tuple(_kept(target, variant))


def limits_note(variant: VariantMeasurement) -> str:
    """A sentence for each limit that the file does not keep, or that was not measured; empty where all are kept."""
    return " ".join(_sentence(one, variant) for one in variant.limits if one.verdict != "holds")


def _kept(target: TargetSettings, variant: VariantMeasurement) -> Iterator[KeptLimit]:
    for key in target.runs_on:
        found = variant.runtimes.get(key)
        runs = found.runs if found else None
        verdict: LimitVerdict = "not measured" if runs is None else "holds" if runs else "does not hold"
        yield KeptLimit(limit="runs_on", runtime=key, verdict=verdict)
    if target.arena_bytes:
        micro = variant.runtimes.get(MICRO)
        arena = micro.arena_bytes if micro else None
        verdict = "not measured" if arena is None else _at_most(arena, target.arena_bytes)
        yield KeptLimit(limit="arena_bytes", allowed=target.arena_bytes, found=arena, verdict=verdict)
    if target.model_bytes:
        verdict = _at_most(variant.model_bytes, target.model_bytes)
        yield KeptLimit(limit="model_bytes", allowed=target.model_bytes, found=variant.model_bytes, verdict=verdict)


def _at_most(found: int, allowed: int) -> LimitVerdict:
    return "holds" if found <= allowed else "does not hold"


def _sentence(kept: KeptLimit, variant: VariantMeasurement) -> str:
    if kept.limit == "runs_on":
        name = RUNTIMES[kept.runtime].name if kept.runtime in RUNTIMES else kept.runtime
        if kept.verdict == "not measured":
            return f"Whether it runs on {name}, as the target asks, was not measured."
        return f"It does not keep the target to run on {name}: {variant.runtimes[kept.runtime].reason}"
    if kept.found is None or kept.allowed is None:
        return "Its arena, which the target limits, was not measured."
    found, allowed = kept.found / KIB, kept.allowed / KIB
    if kept.limit == "arena_bytes":
        return f"Its arena takes {found:,.1f} KiB, more than the {allowed:,.1f} KiB that the target allows."
    return f"The file takes {found:,.1f} KiB, more than the {allowed:,.1f} KiB that the target allows."
