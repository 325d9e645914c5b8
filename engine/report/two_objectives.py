"""Which variants are not beaten in accuracy and one cost at once."""

from __future__ import annotations

from collections.abc import Sequence


def front_places(costs: Sequence[float], worths: Sequence[float]) -> tuple[int, ...]:
    """Places of those to which no other is at least as cheap and as good, and better in one; the cheapest first.

    Equal ones are there together or not at all.

    Args:
        costs: of each, lower is better.
        worths: of each, higher is better.
    """
    found: list[int] = []
    for place in sorted(range(len(costs)), key=lambda place: (costs[place], -worths[place])):
        last = found[-1] if found else None
        is_equal = last is not None and (costs[last], worths[last]) == (costs[place], worths[place])
        if last is None or is_equal or worths[place] > worths[last]:
            found.append(place)
    return tuple(found)
