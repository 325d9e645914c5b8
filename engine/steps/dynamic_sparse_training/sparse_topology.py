"""Holds a network sparse from its first batch on, and exchanges its connections: the weakest go, others grow.

RigL of Evci et al. 2020 (arXiv:1911.11134, algorithm 1) and SET of Mocanu et al. 2018 (arXiv:1707.04780). Unlike there,
a batch that exchanges connections also trains: the grown ones, which begin at zero, take their first step at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from engine.graph.keras_objects import Variable
from engine.steps.dynamic_sparse_training.evidence import Exchange, LayerDensity, SparseExploration
from engine.steps.dynamic_sparse_training.exchange_schedule import ExchangeSchedule
from engine.steps.dynamic_sparse_training.parameters import Method
from engine.training.kernels import zero_fraction
from engine.training.projection import Moments, Projection

MASK_STREAM = 0x5E7
REPORTS = 20
"""How often the evidence is reported in a training, at most."""
LISTED = 200
"""Exchanges that the evidence lists, at most."""
NO_CANDIDATE = -1.0
"""Ranks below every magnitude."""


class SparseTopology(Projection):
    """Masks over kernels, of a fixed number of connections each. Zeroes the kernels' other values when it is made."""

    def __init__(
        self,
        kernels: Mapping[str, Variable],
        active: Sequence[int],
        schedule: ExchangeSchedule,
        method: Method,
        seed: int,
        found: Callable[[SparseExploration], None],
    ) -> None:
        """
        Args:
            kernels: by layer.
            active: how many values of each kernel are connections; those of a dense layer are never exchanged.
            seed: of the first connections, and of those that SET grows.
            found: called with the evidence a few times in a training.
        """
        self._names, self._kernels = list(kernels), list(kernels.values())
        self._active = [int(count) for count in active]
        self._schedule, self._method, self._seed, self._found = schedule, method, seed, found
        sizes = [int(kernel.shape.num_elements()) for kernel in self._kernels]
        generator = np.random.default_rng((seed, MASK_STREAM))
        first = [generator.permutation(size) < count for size, count in zip(sizes, self._active, strict=True)]
        self._sparse = [place for place, size in enumerate(sizes) if self._active[place] < size]
        self._masks = [self._variable(mask.astype(np.float32), f"mask_{n}") for n, mask in enumerate(first)]
        self._lived = [self._variable(mask, f"lived_{n}") for n, mask in enumerate(first)]
        self._due = self._variable(np.bool_(False), "due")
        self._exchanges = self._variable(np.int32(0), "exchanges")
        self._counts = self._variable(np.zeros(len(sizes), np.int32), "counts")
        self._steps = 0
        self._pending = (0, 0.0)
        self._history: list[Exchange] = []
        self.project()

    def before_batch(self, step: int, steps: int) -> None:
        self._steps = steps
        self._note_exchange()
        if fraction := self._schedule.fraction_at(step, steps):
            self._pending = (step + 1, fraction)
            self._counts.assign(np.asarray([self._exchanged(place, fraction) for place in range(len(self._kernels))]))
            self._due.assign(True)

    def steer(
        self, gradients: Sequence[tf.Tensor], variables: Sequence[Variable], moments: Moments
    ) -> Sequence[tf.Tensor]:
        places = {id(variable): place for place, variable in enumerate(variables)}
        dense = [gradients[places[id(kernel)]] for kernel in self._kernels]

        def exchange() -> tf.Tensor:
            for place in self._sparse:
                self._exchange(place, dense[place], moments(self._kernels[place]))
            self._due.assign(False)
            return self._exchanges.assign_add(1)

        def exchange_if_finite() -> tf.Tensor:
            # In 16 bits gradients may overflow; their ranks mean nothing then, so it waits for the next batch.
            finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in dense])
            return tf.cond(finite, exchange, lambda: tf.identity(self._exchanges))

        tf.cond(self._due, exchange_if_finite, lambda: tf.identity(self._exchanges))
        steered = list(gradients)
        for place in self._sparse:
            steered[places[id(self._kernels[place])]] *= self._mask(place)
        return steered

    def project(self) -> None:
        for place in self._sparse:
            self._kernels[place].assign(self._kernels[place] * self._mask(place))

    @property
    def sparsity_fraction(self) -> float:
        return zero_fraction(self._kernels)

    def state(self) -> dict[str, np.ndarray]:
        self._note_exchange()
        masks = {f"mask_{place}": mask.numpy().astype(np.bool_) for place, mask in enumerate(self._masks)}
        lived = {f"lived_{place}": lived.numpy() for place, lived in enumerate(self._lived)}
        rows = [[one.batch, one.drop_fraction, one.connections, one.explored_fraction] for one in self._history]
        return {
            **masks,
            **lived,
            "due": self._due.numpy(),
            "exchanges": self._exchanges.numpy(),
            "counts": self._counts.numpy(),
            "pending": np.asarray(self._pending, np.float64),
            "history": np.asarray(rows, np.float64).reshape(-1, 4),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        for place, (mask, lived) in enumerate(zip(self._masks, self._lived, strict=True)):
            mask.assign(state[f"mask_{place}"].astype(np.float32))
            lived.assign(state[f"lived_{place}"])
        self._due.assign(state["due"])
        self._exchanges.assign(state["exchanges"])
        self._counts.assign(state["counts"])
        self._pending = (int(state["pending"][0]), float(state["pending"][1]))
        self._history = [
            Exchange(batch=int(batch), drop_fraction=fraction, connections=int(count), explored_fraction=explored)
            for batch, fraction, count, explored in state["history"].tolist()
        ]

    def report(self) -> None:
        """Report the evidence as it is now."""
        self._note_exchange()
        listed_every = max(1, math.ceil(self._schedule.planned(self._steps) / LISTED))
        self._found(
            SparseExploration(
                method=self._method,
                batches=self._steps,
                planned=self._schedule.planned(self._steps),
                done=len(self._history),
                listed_every=listed_every,
                exchanges=tuple(self._history[listed_every - 1 :: listed_every]),
                layers=tuple(self._layer(place) for place in range(len(self._kernels))),
            )
        )

    def _exchange(self, place: int, gradient: tf.Tensor, moments: Sequence[Variable]) -> None:
        """Drop the smallest connections of one kernel and grow as many; one that was just dropped may grow again and
        then stays as it was, as in the authors' program."""
        kernel, mask, count = self._kernels[place], self._masks[place], self._counts[place]
        magnitudes = tf.where(mask > 0, tf.abs(tf.reshape(kernel, [-1])), NO_CANDIDATE)
        kept = _largest(magnitudes, self._active[place] - count)
        if self._method == "rigl":
            scores = tf.abs(tf.reshape(gradient, [-1]))
        else:
            seed = tf.stack([tf.constant(self._seed + place, tf.int32), self._exchanges])
            scores = tf.random.stateless_uniform(mask.shape, seed)
        grown = _largest(tf.where(kept, NO_CANDIDATE, scores), count)
        connected = tf.logical_or(kept, grown)
        unchanged = tf.reshape(tf.cast(tf.equal(connected, mask > 0), tf.float32), kernel.shape)
        mask.assign(tf.cast(connected, tf.float32))
        self._lived[place].assign(tf.logical_or(self._lived[place], connected))
        kernel.assign(kernel * self._mask(place))
        for moment in moments:
            moment.assign(moment * unchanged)

    def _mask(self, place: int) -> tf.Tensor:
        return tf.reshape(self._masks[place], self._kernels[place].shape)

    def _exchanged(self, place: int, fraction: float) -> int:
        return round(fraction * self._active[place]) if place in self._sparse else 0

    def _note_exchange(self) -> None:
        """Add an exchange that has taken place since the last call."""
        if int(self._exchanges.numpy()) == len(self._history):
            return
        batch, fraction = self._pending
        lived = sum(int(np.count_nonzero(lived.numpy())) for lived in self._lived)
        self._history.append(
            Exchange(
                batch=batch,
                drop_fraction=fraction,
                connections=int(self._counts.numpy().sum()),
                explored_fraction=lived / sum(int(mask.shape.num_elements()) for mask in self._masks),
            )
        )
        if len(self._history) % max(1, self._schedule.planned(self._steps) // REPORTS) == 0:
            self.report()

    def _layer(self, place: int) -> LayerDensity:
        lived = self._lived[place].numpy()
        return LayerDensity(
            layer=self._names[place],
            weights=lived.size,
            connections=self._active[place],
            density_fraction=self._active[place] / lived.size,
            explored_fraction=np.count_nonzero(lived) / lived.size,
        )

    @staticmethod
    def _variable(value: np.ndarray | np.generic, name: str) -> tf.Variable:
        return tf.Variable(value, trainable=False, name=name)


def _largest(scores: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Where the `count` largest scores stand, boolean (values,); of equal ones the first."""
    places = tf.math.top_k(scores, count).indices
    return tf.scatter_nd(places[:, None], tf.ones_like(places), tf.shape(scores)) > 0
