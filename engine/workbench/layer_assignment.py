"""What is done to each layer, exactly: a multiple-choice knapsack, solved as an integer program by HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class LayerOption(Generic[Choice]):
    """One thing that can be done to one layer."""

    choice: Choice
    cost: int
    """Such as bytes or multiply-accumulates, more than of the layer as it is; most are below 0."""
    divergence: float
    """What it costs where this layer alone has it: KL in nats."""
    time: float = 0.0
    """As a share of the whole network's, more than of the layer as it is; expected, not measured."""


@dataclass(frozen=True)
class Assignment(Generic[Choice]):
    """An option for every layer, in the layers' order."""

    options: tuple[LayerOption[Choice], ...]

    @property
    def cost(self) -> int:
        """More than of the layers as they are."""
        return sum(one.cost for one in self.options)

    @property
    def divergence(self) -> float:
        """Of all layers together, as far as their costs add up."""
        return sum(one.divergence for one in self.options)


def least_divergence(
    layers: Sequence[Sequence[LayerOption[Choice]]], max_cost: float, max_time: float = np.inf
) -> Assignment[Choice] | None:
    """The assignment of at most so much cost and time whose summed divergence is the least; None: there is none."""
    unchanged = Assignment(tuple(min(layer, key=lambda one: one.divergence) for layer in layers))
    if unchanged.cost <= max_cost and sum(one.time for one in unchanged.options) <= max_time:
        return unchanged
    divergences, costs, times = _values(layers)
    bounded = [(costs, max_cost), (times, max_time)]
    found = _solved(layers, divergences, bounded)
    while found is not None and found.divergence > 0:
        # No option of more divergence is part of a better assignment; without them the tolerance is that much finer.
        better = _solved(layers, divergences, bounded, divergences <= found.divergence)
        if better is None or better.divergence >= found.divergence:
            break
        found = better
    return found


def least_cost(layers: Sequence[Sequence[LayerOption[Choice]]], max_divergence: float) -> Assignment[Choice] | None:
    """The assignment of at most so much summed divergence whose cost is the least; None: there is none."""
    divergences, costs, _ = _values(layers)
    return _solved(layers, costs, [(divergences, max_divergence)])


def _values(layers: Sequence[Sequence[LayerOption[Choice]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    options = [option for layer in layers for option in layer]
    values = np.array([(one.divergence, one.cost, one.time) for one in options], dtype=np.float64)
    return values[:, 0], values[:, 1], values[:, 2]


def _solved(
    layers: Sequence[Sequence[LayerOption[Choice]]],
    minimised: np.ndarray,
    bounded: Sequence[tuple[np.ndarray, float]],
    allowed: np.ndarray | None = None,
) -> Assignment[Choice] | None:
    """One variable per option, 0 or 1; one option per layer; the sums of what is bounded within their bounds.

    Args:
        allowed: bool, of each option; None: all.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    counts = [len(layer) for layer in layers]
    layer_of = np.repeat(np.arange(len(layers)), counts)
    places = np.arange(len(layer_of))
    one_each = csr_array((np.ones(len(places)), (layer_of, places)), shape=(len(layers), len(places)))
    # The solver's tolerances are absolute, and divergences are millionths.
    scaled = [(values, bound, np.abs(values).max() or 1.0) for values, bound in bounded if np.isfinite(bound)]
    minimised = minimised if allowed is None else np.where(allowed, minimised, 0.0)
    cost_scale = np.abs(minimised).max() or 1.0
    found = milp(
        minimised / cost_scale,
        integrality=np.ones(len(places)),
        bounds=Bounds(0, 1 if allowed is None else allowed.astype(np.float64)),
        constraints=[
            LinearConstraint(one_each, 1, 1),
            *(LinearConstraint(values[None] / scale, -np.inf, bound / scale) for values, bound, scale in scaled),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    chosen = [int(np.argmax(part)) for part in np.split(found.x, np.cumsum(counts)[:-1])]
    return Assignment(tuple(layer[place] for layer, place in zip(layers, chosen, strict=True)))
