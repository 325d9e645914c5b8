"""What each layer's channels are worth: how far the network's outputs move without some of one layer's alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from engine.contract.progress import UNWATCHED, Progress
from engine.steps.channel_pruning.allocation import DamageCurve
from engine.steps.channel_pruning.observation import Observation
from engine.steps.channel_pruning.smaller_network import normalisation_after
from engine.training.kernels import kernel_of
from engine.workbench.output_divergence import OutputDivergence

SHARES = (0.25, 0.5, 0.75, 1.0)
"""Of the groups that can go, which are all but one; a step of 1/16 tells no more of 256 images."""


def damage_curves(
    seen: Observation,
    scores: Sequence[np.ndarray],
    pruned_layers: Collection[str],
    progress: Progress = UNWATCHED,
) -> list[DamageCurve]:
    """A curve for each of the tied layers, over the criterion's images.

    Channels are set to zero where the next layers take them, which is the same as to remove them; what the criterion
    puts in their place is there too, but for layers without bias and batch normalisation, where it would need a bias.

    Args:
        scores: of the observation.
        pruned_layers: whose kernels' zeros stay.
    """
    divergence_of = OutputDivergence(seen.model, seen.graph, seen.sample, seen.between_batches)
    curves = []
    for place, (tied, own) in enumerate(zip(seen.coupled.tied, scores, strict=True)):
        progress.report(place, len(scores))
        weakest = tied.groups[np.argsort(own, kind="stable")]
        removed = np.unique(np.rint(np.array([0.0, *SHARES]) * (len(weakest) - 1)).astype(np.int64))
        divergence = np.zeros(len(removed))
        for point, count in enumerate(removed[1:], start=1):
            with _without(seen, weakest[:count], pruned_layers):
                divergence[point] = divergence_of.now()
        curves.append(DamageCurve(removed, divergence))
    return curves


@contextmanager
def _without(seen: Observation, removed: np.ndarray, pruned_layers: Collection[str]) -> Iterator[None]:
    """While it lasts, the layers that take these groups do without them."""
    compensation = seen.compensation(removed.tolist(), pruned_layers)
    changed: list[tuple[tf.Variable, np.ndarray]] = []

    def assign(variable: tf.Variable, values: np.ndarray) -> None:
        changed.append((variable, variable.numpy()))
        variable.assign(values)

    try:
        for taker in seen.takers():
            gone = np.isin(seen.coupled.inputs(taker), removed)
            if not gone.any():
                continue
            layer = seen.model.get_layer(taker.name)
            kernel = kernel_of(layer)
            assert kernel is not None
            values = compensation.kernels.get(taker.name, kernel.numpy()).copy()
            values[..., gone, :] = 0
            assign(kernel, values)
            if (offset := compensation.biases.get(taker.name)) is not None:
                bias = getattr(layer, "bias", None)
                if bias is not None:
                    assign(bias, bias.numpy() + offset)
                elif (normalisation := normalisation_after(taker, seen.graph)) is not None:
                    mean = seen.model.get_layer(normalisation).moving_mean  # type: ignore[attr-defined]
                    assign(mean, mean.numpy() - offset)
        yield
    finally:
        for variable, values in reversed(changed):
            variable.assign(values)
