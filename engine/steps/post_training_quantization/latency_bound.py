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
SOLUTIONS = 24
"""At most; many are files that are known."""
NEAR_ENOUGH = 0.95
"""Of the latency that may remain: no slower file is sought."""
NARROW = 0.005
"""Of the float32 file's time: what is between two solutions of the search is not looked at any more."""


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
    fastest: tuple[Assignment[LayerScheme], bytes] | None,
    progress: Progress,
    other_bound: str = "",
) -> TimedFile:
    """Of the files tried, the one of least divergence whose time keeps the bound by the end of its interval.

    Args:
        solved: the assignment of least divergence whose expected share of the time is at most so much, and its file;
            None: there is none.
        fastest: the assignment that is expected to be fastest, tried where no other keeps the bound.
        other_bound: what all files keep besides, such as " of at most 20,000 bytes".

    Raises:
        NutshellError: none of the files keeps it; the message says what was reached.
    """
    known: dict[Assignment[LayerScheme], TimedFile] = {}

    def timed(assignment: Assignment[LayerScheme], content: bytes) -> TimedFile:
        if assignment not in known:
            number = len(known) + 1
            progress.phase(f"timing mixed files beside the float32 file: {number} of at most {TIMED_FILES}")
            known[assignment] = TimedFile(assignment, content, bound.timed(content))
        return known[assignment]

    def keeping() -> list[TimedFile]:
        return [one for one in known.values() if one.time.most <= bound.share]

    few, many, asked = 0.0, 2.0, bound.share
    for _ in range(SOLUTIONS):
        found = solved(asked)
        guess = few
        if found is None:
            few = asked
        else:
            if found[0] not in known and len(known) == TIMED_FILES:
                break
            is_new = found[0] not in known
            most = timed(*found).time.most
            guess = asked * bound.share / most if is_new else few
            if most > bound.share:
                many = asked
            else:
                few = asked
                if most >= NEAR_ENOUGH * bound.share:
                    break
        if many - few < NARROW:
            break
        asked = guess if few < guess < many else (few + many) / 2
    if fastest is not None and not keeping():
        timed(*fastest)
    if not known:
        raise NutshellError(
            f"max_latency = {bound.share:g} cannot be kept: no file{other_bound} is expected to take so little of the "
            "float32 file's time; raise a bound, or remove channels before (channel_pruning)."
        )
    if not keeping():
        least = min(one.time.median for one in known.values())
        raise NutshellError(
            f"max_latency = {bound.share:g} was not reached: the fastest of the {len(known)} files tried{other_bound} "
            f"takes {least:.2f} of the float32 file's time on this machine; raise a bound, or remove channels before "
            "(channel_pruning)."
        )
    return min(keeping(), key=lambda one: one.assignment.divergence)
