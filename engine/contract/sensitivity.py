"""What compressing one layer alone costs a network: as `sensitivity --json` writes it, and as it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.contract.recipe import BASELINE

USUAL_IMAGES = 256
"""Validation images that the figures are taken over."""
MAX_IMAGES = 10_000
CALIBRATION_IMAGES = 200
"""Training images that give the ranges of the activations: as many as the step for int8 takes by default."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, populate_by_name=True)


class SchemeCost(_Frozen):
    """What one scheme costs where it is applied to one layer alone, against the float32 network on the same images."""

    accuracy_drop: float
    """Accuracy lost, -1 to 1: below 0 where the changed network is right more often."""
    sqnr_db: float | None
    """Of the network's output before its softmax or sigmoid: 10 · log₁₀(Σx² / Σ(x − y)²); None: no difference."""
    kl: float
    """Mean Kullback-Leibler divergence of the changed from the float32 probabilities, Σ p · ln(p/q), in nats."""


class LayerSensitivity(_Frozen):
    """One layer with weights, each scheme applied to it alone."""

    layer: str
    """The Keras layer's name, as far as the file tells it."""
    bytes: int
    """Of its kernel and bias in float32."""
    schemes: dict[str, SchemeCost]
    """Scheme → cost; one that the layer cannot have is left out, and `notes` says why."""
    range: tuple[float, float]
    """Between which values the integers of its output lie, as calibrated."""


class Sensitivity(_Frozen):
    """The layers of one network, the most sensitive to the first scheme (by its divergence) first."""

    schema_version: Literal[1] = Field(1, alias="schema")
    layers: tuple[LayerSensitivity, ...]
    run: str = ""
    """The run's id; empty where the network is that of a recipe."""
    variant: str = BASELINE
    """Whose float32 network was measured."""
    images: int
    """Validation images, the same number of each class as far as there are enough."""
    calibration_images: int
    """Training images that gave the ranges."""
    accuracy: float
    """Of the float32 network on these images, 0 to 1."""
    scheme_titles: dict[str, str] = Field(default_factory=dict)
    """Scheme → what it does, in a few words."""
    seconds: float
    """That it took to measure."""
    notes: tuple[str, ...] = ()
    """What could not be measured, and why."""

    @property
    def schemes(self) -> tuple[str, ...]:
        """All that some layer was measured with, in the order in which they were asked for."""
        return tuple(dict.fromkeys(name for layer in self.layers for name in layer.schemes))

    def worst_first(self, scheme: str) -> tuple[LayerSensitivity, ...]:
        """The layers that were measured with a scheme, the greatest divergence first."""
        return worst_first(self.layers, scheme)


class SensitivityRequest(_Frozen):
    """What the engine child is to measure beside the job's recipe."""

    directory: str = ""
    """A run's folder; empty: the recipe's own baseline, which is trained where no run has trained it yet."""
    variant: str = ""
    """Of the run; empty: its first baseline."""
    images: int = Field(USUAL_IMAGES, ge=1, le=MAX_IMAGES)
    schemes: tuple[str, ...] = ()
    """In the order of importance; empty: all."""


def worst_first(layers: Sequence[LayerSensitivity], scheme: str) -> tuple[LayerSensitivity, ...]:
    """The layers that were measured with a scheme, the greatest divergence first."""
    measured = [layer for layer in layers if scheme in layer.schemes]
    return tuple(sorted(measured, key=lambda layer: -layer.schemes[scheme].kl))
