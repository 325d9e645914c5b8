"""How long learning the rounding of weights takes."""

from __future__ import annotations

SECONDS_PER_LAYER = 0.6
WEIGHTS_PER_SECOND = 25_000
"""For 1000 iterations, as measured with ResNet-18 and MobileNetV2 for 32×32 images on two cores of a server of 2020."""
ITERATIONS = 1000


def rounding_seconds(layers: int, weights: int, iterations: int) -> float:
    """For the estimate before a run."""
    return (layers * SECONDS_PER_LAYER + weights / WEIGHTS_PER_SECOND) * iterations / ITERATIONS
