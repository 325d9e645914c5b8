"""What sparse training has explored: which share of all connections ever lived ("in-time over-parameterisation", Liu
et al. 2021)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from engine.contract.evidence import Evidence


class Exchange(BaseModel):
    """One exchange of connections in all layers."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    batch: int
    """Of the training, from 1."""
    drop_fraction: float
    """Of each sparse layer's connections; 0 to 1."""
    connections: int
    """That were dropped, and as many grown, in all layers; one that grew again at once is counted too."""
    explored_fraction: float
    """Of all weights of the sparse layers: those that have been connections up to here."""


class LayerDensity(BaseModel):
    """One layer of the sparse network."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    layer: str
    weights: int
    connections: int
    """Weights that are not held at zero."""
    density_fraction: float
    explored_fraction: float


class SparseExploration(Evidence):
    """Of one stage so far."""

    key: ClassVar[str] = "sparse_exploration"
    title: ClassVar[str] = "Connections of each layer"
    header: ClassVar[tuple[str, ...]] = ("layer", "weights", "connections", "density", "ever lived")

    method: str
    batches: int
    """Of the whole training."""
    planned: int
    """How many exchanges there will be."""
    done: int
    listed_every: int
    """Each of so many exchanges is in the list; 1: all."""
    exchanges: tuple[Exchange, ...]
    layers: tuple[LayerDensity, ...]

    @property
    def sparsity_fraction(self) -> float:
        """Zeros among the layers' weights."""
        return 1 - sum(one.connections for one in self.layers) / self._weights

    @property
    def explored_fraction(self) -> float:
        """Of the layers' weights: those that have ever been connections."""
        return sum(one.explored_fraction * one.weights for one in self.layers) / self._weights

    @property
    def _weights(self) -> int:
        return sum(one.weights for one in self.layers)

    def sentence(self) -> str:
        return (
            f"{self.sparsity_fraction:.4g} zeros; after {self.done} of {self.planned} exchanges "
            f"{self.explored_fraction:.1%} of the weights have been connections."
        )

    def rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.layer,
                f"{one.weights:,}",
                f"{one.connections:,}",
                f"{one.density_fraction:.4f}",
                f"{one.explored_fraction:.4f}",
            )
            for one in self.layers
        ]
