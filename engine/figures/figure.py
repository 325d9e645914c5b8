"""What a figure of a variant is: how it reads, sorts and is drawn, and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from engine.contract.measurements import VariantMeasurement
from engine.language.speech import mark

Value = float | str


Interval = tuple[float, float]
Units = tuple[tuple[str, float], ...]
"""(unit, how much of the value it is), the smallest first."""

BYTES: Units = (("KiB", 1024.0), ("MiB", 1024.0**2), ("GiB", 1024.0**3))
MILLISECONDS: Units = (("µs", 1e-3), ("ms", 1.0), ("s", 1e3))
FRACTION: Units = ((mark("fraction"), 1.0),)


class Better(StrEnum):
    """Which way a figure is better."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


class Uncertainty(StrEnum):
    """What makes a figure of the same file another one when it is measured again."""

    COUNTED = "counted"
    """Nothing: bytes, operations, values in the file."""
    TEST_IMAGES = "test images"
    """It is known as well as the test images tell; pairs on the same images tell a difference."""
    TIMING = "timing"
    """It is known as well as the turns of timing tell."""
    UNTOLD = "untold"
    """There is some, and no interval tells how much."""


MISSING = "–"
"""The text of a figure that a variant does not have."""


@dataclass(frozen=True)
class Bar:
    """How a figure is drawn as a bar."""

    axis: str
    """"{unit}" stands for the unit."""
    units: Units
    raw: Callable[[VariantMeasurement], float]
    """In the first unit's own base: bytes, milliseconds, a fraction."""
    whisker: Callable[[VariantMeasurement], Interval] | None = None
    plain: str = ""
    """What it is called without its interval, where the axis names that; empty: as the axis."""

    @property
    def called(self) -> str:
        """Its name without unit and interval."""
        return self.plain or self.axis.removesuffix(" ({unit})")


@dataclass(frozen=True)
class Figure:
    """One figure; `value` sorts and `text` is read."""

    name: str
    """Short and unique, such as "size_ratio"."""
    title: str
    """Two lines: what it is, and its unit."""
    explanation: str
    value: Callable[[VariantMeasurement, VariantMeasurement], Value]
    """Of a variant and the baseline of its branch."""
    text: Callable[[VariantMeasurement, VariantMeasurement], str]
    better: Better = Better.NEITHER
    compares_images: bool = False
    """Whether it says something only where a run compares image settings."""
    is_usual: bool = False
    """Whether the window's table shows it until the user chooses others."""
    brief: str = ""
    """Its head where there is little room; empty: the title."""
    bar: Bar | None = None
    interval: Callable[[VariantMeasurement], Interval | None] | None = None
    """In the figure's own unit; None where the figure has none, or a variant lacks it."""
    uncertainty: Uncertainty = Uncertainty.UNTOLD
    detail: Callable[[VariantMeasurement], str] | None = None
    """What is told beside the text where there is room, such as in a tool tip; empty where there is no more to say."""

    @property
    def head(self) -> str:
        return self.brief or self.title

    @property
    def line(self) -> str:
        """The title in one line."""
        return self.title.replace("\n", " ")

    def number(self, variant: VariantMeasurement, baseline: VariantMeasurement) -> float | None:
        """The figure as a number; None where it is words, or the variant does not have it."""
        value = self.value(variant, baseline)
        if isinstance(value, str) or self.text(variant, baseline) == MISSING:
            return None
        return value
