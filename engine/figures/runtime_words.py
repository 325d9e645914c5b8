"""On which runtimes a variant's file runs, and whether it keeps the limits of the target, in words."""

from __future__ import annotations

from engine.contract.measurements import VariantMeasurement
from engine.contract.runtime import RUNTIMES
from engine.contract.runtime_figures import DelegateForecast, KeptLimit, RuntimeFigures
from engine.figures.figure import MISSING

KIB = 1024
LIMITS = {"runs_on": "runs on {runtime}", "arena_bytes": "arena", "model_bytes": "size"}


def runs_on_text(variant: VariantMeasurement) -> str:
    """Such as "LiteRT, TFLM"; a runtime that decides otherwise for some images says for how many it does not."""
    if not variant.runtimes:
        return MISSING
    there = [_short(key, found) for key, found in variant.runtimes.items() if found.runs]
    return ", ".join(there) or "none"


def runs_on_sentences(variant: VariantMeasurement) -> str:
    """A line for each runtime; empty where none was tried."""
    return "\n".join(f"{_title(key)}: {_sentence(key, found)}" for key, found in variant.runtimes.items())


def delegates_text(variant: VariantMeasurement) -> str:
    """The delegates that take every multiply-accumulate by rule, such as "Edge TPU, Hexagon"."""
    if not variant.delegates:
        return MISSING
    return ", ".join(one.title for one in variant.delegates.values() if not one.macs_on_cpu) or "none"


def delegates_sentences(variant: VariantMeasurement) -> str:
    """A line for each delegate; empty where the run did not tell."""
    return "\n".join(_forecast_sentence(one) for one in variant.delegates.values())


def _forecast_sentence(one: DelegateForecast) -> str:
    if not one.on_cpu:
        return f"{one.title}: takes all {one.operators} operators, by rule, not measured."
    return (
        f"{one.title}: leaves {one.on_cpu} of {one.operators} operators to the CPU "
        f"({', '.join(one.on_cpu_operators)}), with {100 * one.macs_on_cpu:.0f} % of the arithmetic, by rule, not "
        "measured."
    )


def limits_text(variant: VariantMeasurement) -> str:
    """Such as "kept", or what is not: "not: runs on TFLM, size"; a dash where nothing is asked."""
    if not variant.limits:
        return MISSING
    broken = [_limit(one) for one in variant.limits if one.verdict == "does not hold"]
    unknown = [_limit(one) for one in variant.limits if one.verdict == "not measured"]
    parts = [f"not: {', '.join(broken)}"] if broken else []
    parts += [f"not measured: {', '.join(unknown)}"] if unknown else []
    return "; ".join(parts) or "kept"


def _short(key: str, found: RuntimeFigures) -> str:
    if found.agreement is None or found.agreement == 1:
        return _title(key)
    return f"{_title(key)} ({100 * found.agreement:.0f} %)"


def _title(key: str) -> str:
    return RUNTIMES[key].title if key in RUNTIMES else key


def _sentence(key: str, found: RuntimeFigures) -> str:
    if found.runs is None:
        return found.reason
    if not found.runs:
        return f"does not run. {found.reason}"
    if found.agreement is None or found.max_difference is None:
        return "runs."
    same = round(found.agreement * found.images)
    arena = f"; its arena takes {found.arena_bytes / KIB:,.1f} KiB" if found.arena_bytes is not None else ""
    if found.max_difference == 0:
        return f"runs, with LiteRT's own answers for {found.images} test images{arena}."
    return (
        f"runs, with LiteRT's class for {same} of {found.images} test images; probabilities differ by at most "
        f"{found.max_difference:.2g}{arena}."
    )


def _limit(kept: KeptLimit) -> str:
    return LIMITS[kept.limit].format(runtime=_title(kept.runtime))
