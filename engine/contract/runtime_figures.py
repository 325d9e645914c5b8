"""What is known of a finished variant in each runtime, and on the limits that the recipe's target sets its file."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _MeasuredThere(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class RuntimeFigures(_MeasuredThere):
    """How one runtime runs a variant's file, on some of the test images."""

    runs: bool | None
    """None: it was not tried, and the reason says why."""
    reason: str = ""
    """Why it does not run, in a sentence; empty where it does."""
    agreement: float | None = None
    """Share of the images to which it gives the class that LiteRT gives, 0 to 1; None where it does not run."""
    max_difference: float | None = None
    """The most by which a probability differs from LiteRT's."""
    arena_bytes: int | None = None
    """What TensorFlow Lite Micro keeps its tensors in, on this computer, whose pointers are longer than a
    microcontroller's; None of a runtime that has no arena."""
    operators: tuple[str, ...] = ()
    """That a program for a microcontroller has to link for this file, sorted; empty of the other runtimes."""
    images: int = 0
    """On how many test images this is known."""


LimitVerdict = Literal["holds", "does not hold", "not measured"]


class KeptLimit(_MeasuredThere):
    """One limit of the recipe's `[target]`, and how a variant stands to it."""

    limit: Literal["runs_on", "arena_bytes", "model_bytes"]
    runtime: str = ""
    """Of `runs_on`: which."""
    allowed: int | None = None
    """Bytes; None of `runs_on`."""
    found: int | None = None
    """Bytes; None of `runs_on`, and where it was not measured."""
    verdict: LimitVerdict


class DelegateForecast(_MeasuredThere):
    """What a delegate of phones or accelerators leaves to the CPU, by the rules that its makers publish."""

    title: str
    how: Literal["by rule, not measured"] = "by rule, not measured"
    operators: int
    """Of the file."""
    on_cpu: int
    """How many of them it does not take."""
    on_cpu_operators: tuple[str, ...]
    """Their kinds, each once."""
    macs_on_cpu: float
    """Share of the multiply-accumulates that these are, 0 to 1."""
    source: str
    """Of the rules."""
    date: date
    """When they were read."""
