"""Keeps chosen kernel values at zero while a network trains; the choice may grow by a sparsity schedule.

Magnitude pruning as in Zhu and Gupta 2017 (arXiv:1710.01878): the smallest absolute values go to zero, or those that
another measure of importance puts lowest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from engine.graph.keras_objects import Variable
from engine.steps.magnitude_pruning.magnitude import Scope, largest_values
from engine.steps.magnitude_pruning.sparsity_pattern import SparsityPattern
from engine.training.kernels import zero_fraction
from engine.training.projection import Projection

Importance = Callable[[], Sequence[np.ndarray]]
"""Numbers of the kernels' shapes, as the network is now: values with the smallest go first."""
SparsitySchedule = Callable[[float], float]
"""Progress of the stage, 0 to 1 → fraction of zeros, never falling, final at 1."""

UPDATES_PER_STAGE = 100
"""How often a schedule's masks are chosen at most."""


class MaskProjection(Projection):
    """Masks over `kernels` (Keras variables)."""

    def __init__(
        self,
        kernels: Sequence[Variable],
        schedule: SparsitySchedule,
        scope: Scope,
        pattern: SparsityPattern,
        importance: Importance | None = None,
    ) -> None:
        """
        Args:
            importance: by what values are chosen; None: by their magnitude.
        """
        self._kernels = list(kernels)
        self._schedule = schedule
        self._scope = scope
        self._pattern = pattern
        self._importance = importance or (lambda: [kernel.numpy() for kernel in kernels])
        self._target = -1.0
        self._masks = [
            tf.Variable(tf.ones_like(kernel), trainable=False, name=f"mask_{place}")
            for place, kernel in enumerate(kernels)
        ]

    def before_batch(self, step: int, steps: int) -> None:
        every = max(1, steps // UPDATES_PER_STAGE)
        if step % every == 0 or step == steps - 1:
            self._reach(self._schedule((step + 1) / steps if step == steps - 1 else step / steps))

    def project(self) -> None:
        for kernel, mask in zip(self._kernels, self._masks, strict=True):
            kernel.assign(kernel * mask)

    @property
    def complete(self) -> bool:
        return self._target >= self._schedule(1.0)

    def finish(self) -> None:
        self._reach(self._schedule(1.0))

    @property
    def sparsity_fraction(self) -> float:
        return zero_fraction(self._kernels)

    def state(self) -> dict[str, np.ndarray]:
        masks = {str(place): mask.numpy().astype(np.bool_) for place, mask in enumerate(self._masks)}
        return {"target": np.float64(self._target), **masks}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        self._target = float(state["target"])
        for place, mask in enumerate(self._masks):
            mask.assign(state[str(place)].astype(np.float32))

    def _reach(self, target: float) -> None:
        if target <= self._target:
            return
        self._target = target
        chosen = largest_values(self._importance(), target, self._scope, self._pattern)
        for mask, kept in zip(self._masks, chosen, strict=True):
            mask.assign(kept.astype(np.float32))
        self.project()
