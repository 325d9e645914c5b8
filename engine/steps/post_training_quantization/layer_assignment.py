"""Which scheme each layer gets, exactly: a multiple-choice knapsack, solved as an integer program by HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.export.layer_patterns import LayerScheme


@dataclass(frozen=True)
class LayerOption:
    """One scheme for one layer."""

    scheme: LayerScheme
    bytes: int
    """More than in float32; most are below 0."""
    divergence: float
    """What the scheme costs where this layer alone has it: KL in nats."""


@dataclass(frozen=True)
class Assignment:
    """An option for every layer, in the layers' order."""

    options: tuple[LayerOption, ...]

    @property
    def bytes(self) -> int:
        """More than in float32."""
        return sum(one.bytes for one in self.options)

    @property
    def divergence(self) -> float:
        """Of all layers together, as far as their costs add up."""
        return sum(one.divergence for one in self.options)


def least_divergence(layers: Sequence[Sequence[LayerOption]], max_bytes: float) -> Assignment | None:
    """The assignment of at most so many bytes whose summed divergence is the least; None: there is none."""
    costs, sizes = _values(layers)
    return _solved(layers, costs, sizes, max_bytes)


def fewest_bytes(layers: Sequence[Sequence[LayerOption]], max_divergence: float) -> Assignment | None:
    """The assignment of at most so much summed divergence whose bytes are the fewest; None: there is none."""
    costs, sizes = _values(layers)
    return _solved(layers, sizes, costs, max_divergence)


def _values(layers: Sequence[Sequence[LayerOption]]) -> tuple[np.ndarray, np.ndarray]:
    options = [option for layer in layers for option in layer]
    return np.array([one.divergence for one in options]), np.array([float(one.bytes) for one in options])


def _solved(
    layers: Sequence[Sequence[LayerOption]], minimised: np.ndarray, bounded: np.ndarray, bound: float
) -> Assignment | None:
    """One variable per option, 0 or 1; one option per layer; the sum of what is bounded within its bound."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    counts = [len(layer) for layer in layers]
    layer_of = np.repeat(np.arange(len(layers)), counts)
    places = np.arange(len(layer_of))
    one_each = csr_array((np.ones(len(places)), (layer_of, places)), shape=(len(layers), len(places)))
    # The solver's tolerances are absolute, and divergences are millionths.
    cost_scale, bound_scale = np.abs(minimised).max() or 1.0, np.abs(bounded).max() or 1.0
    found = milp(
        minimised / cost_scale,
        integrality=np.ones(len(places)),
        bounds=Bounds(0, 1),
        constraints=[
            LinearConstraint(one_each, 1, 1),
            LinearConstraint(bounded[None] / bound_scale, -np.inf, bound / bound_scale),
        ],
        options={"mip_rel_gap": 0.0},
    )
    if found.x is None:
        return None
    chosen = [int(np.argmax(part)) for part in np.split(found.x, np.cumsum(counts)[:-1])]
    return Assignment(tuple(layer[place] for layer, place in zip(layers, chosen, strict=True)))
