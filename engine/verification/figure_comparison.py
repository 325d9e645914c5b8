"""Compares what was printed with what is found: counts exactly, fractions to so many decimals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from engine.verification.verified_figures import DifferingFigure, FigureGroup, Value

HOLDS_TO_DECIMALS = 6
"""Of fractions: sums of the same 32-bit floats in another order differ later."""
MOST_DECIMALS = 15


def compared_group(group: str, printed: Mapping[str, Any], found: Mapping[str, Any], why: str = "") -> FigureGroup:
    """All figures of `printed`, each with the same one of `found`.

    Args:
        printed, found: name → a number, a text, or a model, table or mapping of some.
        why: some could not be computed again.
    """
    pairs = [pair for name in printed for pair in _pairs(name, printed[name], found.get(name))]
    differing = tuple(one for pair in pairs if (one := differing_figure(*pair)) is not None)
    return FigureGroup(group=group, compared=len(pairs), differing=differing, why=why)


def differing_figure(name: str, printed: Value, found: Value, detail: str = "") -> DifferingFigure | None:
    """None: they are equal."""
    if printed == found or (_is_nan(printed) and _is_nan(found)):
        return None
    decimals = None
    if isinstance(printed, float) or isinstance(found, float):
        decimals = equal_decimals(printed, found)
        if decimals is not None and decimals >= HOLDS_TO_DECIMALS:
            return None
    return DifferingFigure(figure=name, printed=printed, found=found, equal_decimals=decimals, detail=detail)


def equal_decimals(first: Value, second: Value) -> int | None:
    """To how many decimals two numbers are equal: they differ by at most half of the last; None: one is no number."""
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in (first, second)):
        return None
    difference = abs(float(first or 0) - float(second or 0))
    if not difference:
        return MOST_DECIMALS
    return max(0, min(MOST_DECIMALS, math.floor(-math.log10(2 * difference))))


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _pairs(name: str, printed: Any, found: Any) -> Iterator[tuple[str, Value, Value]]:
    """Single figures, with what is found in their place, or None."""
    printed, found = _plain(printed), _plain(found)
    if isinstance(printed, Mapping):
        there = found if isinstance(found, Mapping) else {}
        for key in printed:
            yield from _pairs(f"{name}.{key}", printed[key], there.get(key))
    elif isinstance(printed, list | tuple):
        ordered = found if isinstance(found, list | tuple) else ()
        yield f"{name}: entries", len(printed), len(ordered)
        for place, (one, other) in enumerate(zip(printed, ordered, strict=False), start=1):
            yield from _pairs(f"{name}[{place}]", one, other)
    else:
        yield name, printed, found if not isinstance(found, Mapping | list | tuple) else str(found)


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value
