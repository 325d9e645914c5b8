"""What a bar is drawn of: one variant, or a chain over all repetitions of its study."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from engine.contract.measurements import VariantMeasurement, variant_name
from engine.figures.figure import Bar, Interval


@dataclass(frozen=True)
class BarRow:
    """One bar."""

    name: str
    setting: str
    value: float
    """In the first unit's own base, as `Bar.raw`."""
    whisker: Interval | None
    """Of repetitions their range, else the figure's own interval."""
    repeats: int = 1


def bar_rows(bar: Bar, variants: Sequence[VariantMeasurement]) -> tuple[BarRow, ...]:
    """From top to bottom, in the order in which the chains came first."""
    if not any(variant.repeat for variant in variants):
        return tuple(
            BarRow(one.name, one.setting, bar.raw(one), bar.whisker(one) if bar.whisker else None) for one in variants
        )
    together: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in variants:
        together[one.chain, one.setting].append(bar.raw(one))
    return tuple(
        BarRow(variant_name(chain, setting), setting, fmean(values), (min(values), max(values)), len(values))
        for (chain, setting), values in together.items()
    )
