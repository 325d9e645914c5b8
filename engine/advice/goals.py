"""What one may want of a file, how the files are held against it, and what the papers advise for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.advice.techniques import Technique
from engine.figures.figure import Figure
from engine.figures.variant_figures import figures

ACCURACY, SIZE, ZIP, TIME = figures("accuracy", "size", "zip", "latency")
LEE, PREDIC = "Lee et al. 2022", "Predić et al. 2022"


class Goal(StrEnum):
    """In the order in which they are told; the value is its title."""

    SMALLEST = "Smallest file"
    DOWNLOAD = "Smallest download"
    FASTEST = "Fastest"
    ACCURATE = "Most accurate"
    LOW_END = "Low-end service (size first, delay does not matter)"
    MID_END = "Mid-end service (real time)"
    HIGH_END = "High-end service (real time and accuracy)"
    FLOOR = "Nearest to what is asked"
    """Told alone."""


@dataclass(frozen=True)
class DecidingFigure:
    """The figure that decides, and its words."""

    figure: Figure
    better: str
    same: str
    several_same: str
    worse: str


SMALL = DecidingFigure(SIZE, "is smaller", "is as small", "are as small", "is larger")
SMALL_ZIPPED = DecidingFigure(ZIP, "is smaller zipped", "is as small zipped", "are as small zipped", "is larger zipped")
FAST = DecidingFigure(TIME, "is faster", "is as fast", "are as fast", "is slower")
ACCURATE = DecidingFigure(ACCURACY, "is more accurate", "is as accurate", "are as accurate", "is less accurate")


@dataclass(frozen=True)
class Aim:
    """A goal with what decides it."""

    goal: Goal
    objective: DecidingFigure
    paper: str
    advised: tuple[Technique, ...]
    """What the paper advises."""
    advised_for: str
    """Such as "for speed"."""
    keeps_baseline: bool = False
    """Whether a file must be measured at least as accurate as the baseline."""


AIMS = (
    Aim(Goal.SMALLEST, SMALL, PREDIC, (Technique.QAT_INT8,), "for small devices"),
    Aim(Goal.DOWNLOAD, SMALL_ZIPPED, PREDIC, (Technique.PCQAT,), "for the smallest file on disk"),
    Aim(Goal.FASTEST, FAST, PREDIC, (Technique.DISTILLED,), "for speed"),
    Aim(Goal.ACCURATE, ACCURATE, PREDIC, (Technique.F16,), "as always applicable"),
    # Lee et al. count pruned files compressed: their PRQ of ResNet50 has 280 KB of 94,052.
    Aim(Goal.LOW_END, SMALL_ZIPPED, LEE, (Technique.PRQ,), "for this class"),
    Aim(Goal.MID_END, FAST, LEE, (Technique.PRN,), "for this class"),
    Aim(Goal.HIGH_END, FAST, LEE, (Technique.F16, Technique.PRN), "for this class", keeps_baseline=True),
)
"""Predić et al. 2022, section 4.5; Lee et al. 2022, section 4.3."""
