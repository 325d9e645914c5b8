"""Schemes within a bound on latency: expected from whole files in one scheme, held by the timed file itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.contract.errors import NutshellError
from engine.contract.progress import Progress
from engine.export.layer_patterns import LayerScheme
from engine.workbench.layer_assignment import Assignment
from engine.workbench.timed_share import TimedShare

TIMED_FILES = 6
"""At most, in the search; each is timed in turn with the float32 file."""
NEAR_ENOUGH = 0.95
"""Of the latency that may remain: no slower file is sought."""


@dataclass(frozen=True)
class LatencyBound:
    """What the file may take of the float32 file's time, and what times it."""

    share: float
    timed: Callable[[bytes], TimedShare]


@dataclass(frozen=True)
class TimedFile:
    """A file that keeps the bound."""

    assignment: Assignment[LayerScheme]
    content: bytes
    time: TimedShare


def least_divergence_in_time(
    bound: LatencyBound,
    solved: Callable[[float], tuple[Assignment[LayerScheme], bytes] | None],
    fastest: tuple[Assignment[LayerScheme], bytes],
    progress: Progress,
) -> TimedFile:
    """Of the files tried, the one of least divergence whose time keeps the bound by the end of its interval.

    Args:
        solved: the assignment of least divergence whose expected share of the time is at most so much, and its file;
            None: there is none.
        fastest: the assignment that is expected to be fastest.

    Raises:
        NutshellError: none of the files keeps it; the message says what was reached.
    """
    best: TimedFile | None = None
    least = float("inf")
    few, many, asked = 0.0, 2.0, bound.share
    tried: set[Assignment[LayerScheme]] = set()
    for number in range(1, TIMED_FILES + 1):
        found = solved(asked) or fastest
        if found[0] in tried:
            # Both ends of the search lead to files that are known.
            break
        tried.add(found[0])
        progress.phase(f"timing mixed files beside the float32 file: {number} of at most {TIMED_FILES}")
        time = bound.timed(found[1])
        least = min(least, time.median)
        if time.most > bound.share:
            many = asked
            if found is fastest:
                break
        else:
            few = asked
            if best is None or found[0].divergence < best.assignment.divergence:
                best = TimedFile(*found, time)
            if time.most >= NEAR_ENOUGH * bound.share:
                break
        guess = asked * bound.share / time.most
        asked = guess if few < guess < many else (few + many) / 2
    if best is None:
        raise NutshellError(
            f"max_latency = {bound.share:g} was not reached: the fastest of the files tried takes {least:.2f} of the "
            "float32 file's time on this machine; raise it, or remove channels before (channel_pruning)."
        )
    return best
