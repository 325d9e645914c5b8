"""The ways in which figures are read: as numbers, with an interval, as words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.contract.measurements import ImageBytes, VariantMeasurement
from engine.figures.figure import MISSING, Interval
from engine.figures.figure_text import figure_text


def number(value: Callable[[VariantMeasurement, VariantMeasurement], float | None], form: str) -> dict[str, Any]:
    """A figure that is read as a number; a dash where a variant has none, as on another dataset than the baseline's."""

    def text(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
        figure = value(variant, baseline)
        return MISSING if figure is None else form.format(figure)

    return {"value": lambda variant, baseline: value(variant, baseline) or 0.0, "text": text}


def interval(
    value: Callable[[VariantMeasurement], float], interval: Callable[[VariantMeasurement], Interval], form: str
) -> dict[str, Any]:
    def text(variant: VariantMeasurement, _: VariantMeasurement) -> str:
        figure, low, high = (form.format(part) for part in (value(variant), *interval(variant)))
        return f"{figure} ({low}–{high})"

    return {"value": lambda variant, _: value(variant), "text": text, "interval": interval}


def change_of_accuracy() -> dict[str, Any]:
    def change(variant: VariantMeasurement, baseline: VariantMeasurement) -> float | None:
        return None if variant.dataset else 100 * (variant.accuracy - baseline.accuracy)

    plain = number(change, "{:+.1f}")

    def interval(variant: VariantMeasurement) -> Interval | None:
        if variant.paired is None:
            return None
        low, high = variant.paired.difference_ci95
        return 100 * low, 100 * high

    def text(variant: VariantMeasurement, baseline: VariantMeasurement) -> str:
        ends = interval(variant)
        found: str = plain["text"](variant, baseline)
        return f"{found} ({ends[0]:+.1f} to {ends[1]:+.1f})" if ends else found

    return plain | {"text": text, "interval": interval}


def timed_in_turn(figure: dict[str, Any]) -> dict[str, Any]:
    """A dash until a variant was timed in turn with its baseline."""
    text = figure["text"]
    return figure | {"text": lambda variant, baseline: text(variant, baseline) if variant.is_timed_in_turn else MISSING}


def milliseconds(value: Callable[[VariantMeasurement], float]) -> dict[str, Any]:
    return {"value": lambda variant, _: value(variant), "text": lambda variant, _: figure_text(value(variant))}


def words(text: Callable[[VariantMeasurement], str]) -> dict[str, Any]:
    return {"value": lambda variant, _: text(variant), "text": lambda variant, _: text(variant)}


def of_images(figure: Callable[[ImageBytes], float], form: str) -> dict[str, Any]:
    """A figure of the variant's image setting; a dash where an earlier version of the program did not tell."""
    return number(lambda v, _: figure(v.images) if v.images else None, form) | {
        "compares_images": True,
        "is_usual": True,
    }


def by_number(text: str) -> str:
    """Sorts "64 px" before "100 px"."""
    return re.sub(r"\d+", lambda digits: digits.group().zfill(6), text)
