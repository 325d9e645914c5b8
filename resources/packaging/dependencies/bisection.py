"""Finds which updates break the tests, by halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dependencies.update_groups import Group

Passes = Callable[[Sequence[Group]], bool]
"""Whether the tests pass with these updates and the pinned versions of all else."""


def breaking_updates(groups: Sequence[Group], passes: Passes) -> tuple[Group, ...]:
    """The updates that have to be left out for the tests to pass.

    Each is the last of the shortest beginning of the list that fails, found in log2(n) trials; the rest is tried
    again without it, so two that break something each for itself are both found. Of two that fail only together, one
    is named.

    Args:
        groups: all updates, known to fail together.
        passes: one trial; it is never asked for no update at all, which has to pass.
    """
    left, broken = list(groups), []
    while left:
        low, high = 0, len(left)  # The first `low` pass, the first `high` fail.
        while high - low > 1:
            middle = (low + high) // 2
            if passes(left[:middle]):
                low = middle
            else:
                high = middle
        broken.append(left.pop(high - 1))
        if not left or passes(left):
            break
    return tuple(broken)
