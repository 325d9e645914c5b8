"""Reads a learning rate off a curve of losses over rates. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.contract.rate_curve import RateSuggestion, TriedRate

MIN_FALL = 0.01
"""The part by which the loss has to fall before its slope says anything."""
SLOPE_BATCHES = 5
"""Over which a slope is taken, to either side."""
LOW_RATIO = 1 / 3
HIGH_RATIO = 10.0
NEVER_FALLS = (
    "At no rate does the loss fall within these few batches, so there is no suggestion. If the network is trained "
    "already, take a rate well below the one where the loss begins to rise; else check the images and their labels."
)
NO_BETTER_THAN_GUESSING = (
    "Within these few batches the network did not become better than guessing by the classes' frequencies, so the "
    "suggestion is uncertain; compare it with the recipe's own rate over a few epochs."
)
NOISE = (
    "At no rate did the network become better than guessing by the classes' frequencies, and its loss falls fastest at "
    "the highest rates, which is chance; so there is no suggestion. Leave the learning rate automatic."
)
HIGHEST_SHARE = 0.1
"""Of the highest rate: a steepest descent above it, of a network that only guesses, is chance."""


def suggested_rate(
    tried: Sequence[TriedRate], start_loss: float, guessing_loss: float
) -> tuple[RateSuggestion | None, str]:
    """The rate at the steepest descent of the smoothed loss over log(rate), before its minimum.

    Args:
        tried: in rising order of the rates.
        start_loss: of the held-out images before the first update, in nats.
        guessing_loss: theirs by a network that knows the classes' frequencies only, in nats.

    Returns:
        The suggestion, or None where the loss never falls, or falls by chance; and a sentence that says why there is
        none, or why it is uncertain, else "".
    """
    rates, losses = (np.array([getattr(one, name) for one in tried]) for name in ("rate", "smoothed_loss"))
    lowest = int(np.argmin(losses)) if len(losses) else 0
    if lowest < SLOPE_BATCHES or losses[lowest] > (1 - MIN_FALL) * start_loss:
        return None, NEVER_FALLS
    steepest = int(np.argmin(_slopes(np.log(rates), losses)[: lowest + 1]))
    rate, end = rates[steepest], rates[lowest]
    guesses = losses[lowest] > guessing_loss
    if guesses and rate > HIGHEST_SHARE * rates[-1]:
        return None, NOISE
    high = min(np.clip(end, rate / LOW_RATIO, HIGH_RATIO * rate), rates[-1])
    suggestion = RateSuggestion(rate=_two(rate), low=_two(LOW_RATIO * rate), high=_two(high), lowest=_two(end))
    return suggestion, NO_BETTER_THAN_GUESSING if guesses else ""


def _slopes(places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The slope of the straight line through the values around each place (least squares), (n,)."""
    slopes = np.empty(len(values))
    for place in range(len(values)):
        around = slice(max(0, place - SLOPE_BATCHES), place + SLOPE_BATCHES + 1)
        slopes[place] = np.polyfit(places[around], values[around], 1)[0]
    return slopes


def _two(rate: float) -> float:
    """With two significant digits."""
    return float(f"{rate:.2g}")
