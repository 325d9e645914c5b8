"""Constraints on the kernels during training: after each batch the kernels are projected onto them.

One vectorised assignment per kernel, inside the training graph, instead of wrapped layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.graph.keras_objects import Variable

if TYPE_CHECKING:
    import tensorflow as tf

Moments = Callable[[Variable], Sequence[Variable]]
"""A trained variable → what the optimizer remembers of each of its values, as variables of its shape."""


class Projection(ABC):
    """A constraint on a model's kernels. Made with the model that trains, since it holds its variables."""

    def before_batch(self, step: int, steps: int) -> None:  # noqa: B027 - most constraints are fixed
        """Change the constraint before batch `step` (from 0) of `steps`; runs outside the graph."""

    def steer(
        self, gradients: Sequence[tf.Tensor], variables: Sequence[Variable], moments: Moments
    ) -> Sequence[tf.Tensor]:
        """What the optimizer is to be given for a batch's gradients of `variables` (times the loss scale in 16 bits).

        TensorFlow operations, traced into the training step before the update; they may change the kernels and their
        moments. By default nothing is traced.
        """
        return gradients

    @abstractmethod
    def project(self) -> None:
        """Assign to each kernel its nearest allowed value; TensorFlow operations, traced into the training step."""

    @property
    def complete(self) -> bool:
        """Whether the constraint has reached its final form; only then may an epoch's weights be kept as the best."""
        return True

    def finish(self) -> None:  # noqa: B027
        """Go to the final form now and project, because the stage is stopped early."""

    @property
    def sparsity_fraction(self) -> float | None:
        """Zeros among the kernels that this prunes, or None."""
        return None

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a continued training needs."""
        return {}

    def restore(self, state: dict[str, np.ndarray]) -> None:  # noqa: B027
        """Take a `state` again."""
