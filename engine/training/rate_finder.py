"""Tries learning rates on a network: a short training in which the rate rises from batch to batch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from engine.contract.rate_curve import TriedRate
from engine.graph.keras_objects import KerasModel
from engine.training.feed import Batch, Feed
from engine.training.graph_building import StepFunction, compiled
from engine.training.objective import Objective, correct_predictions, cross_entropy
from engine.training.plan import TrainingPlan
from engine.training.precision import LossScale, computes_in_16_bits, mixed_precision
from engine.training.rate_range import SmoothedLoss, tried_rates
from engine.training.trainer import Trainer
from engine.training.update import Optimizers, training_step

OnTried = Callable[[TriedRate, int, float], None]
"""What a batch gave, how many are done, the estimated seconds left."""


@dataclass(frozen=True)
class Sweep:
    """What one sweep over the rates gave."""

    tried: tuple[TriedRate, ...]
    start_loss: float
    """Of the held-out images before the first update, in nats."""
    diverged: bool
    seconds: float


def sweep_rates(
    trainer: Trainer,
    model: KerasModel,
    plan: TrainingPlan,
    batches: int,
    held_out: np.ndarray,
    on_tried: OnTried = lambda *_: None,
) -> Sweep:
    """Train `model` at rising rates, otherwise as `plan` says, without its schedule and warm-up (Smith 2017, 3.3).

    After each batch the loss of the same held-out images is taken, with their own statistics in batch normalisation, as
    its moving averages follow too slowly. The losses of the batches themselves differ more from one another than a
    hundred of them lower the loss. The head's rate keeps its ratio to the others'. The weights of `model` are of no use
    afterwards.

    Args:
        batches: over which the rate rises.
        held_out: rows of the dataset, int64 (n,).

    Raises:
        Cancelled: out of `trainer.control`.
    """
    scale = LossScale() if computes_in_16_bits(plan.precision) else None
    feed = Feed(trainer.dataset, trainer.pipeline, trainer.seed, plan.batch_size, plan.augment)
    objective = trainer.cross_entropy(model, plan)
    images = trainer.pipeline.feed(trainer.dataset.images[held_out])
    labels = trainer.dataset.labels[held_out]
    with mixed_precision() if scale else nullcontext():
        optimizers = Optimizers(model, plan, scale)
        step = training_step(model, optimizers, (), objective, feed.mixes)
        judge = _judging_step(model, objective)
        trainer.control.raise_if_cancelled()
        started = time.perf_counter()
        start_loss = float(judge(images, labels)[0]) / len(labels)
        smoothed, tried = SmoothedLoss(), []
        rates = tried_rates(plan.optimizer, batches)
        for rate, batch in zip(rates, _endless(feed), strict=False):
            trainer.control.raise_if_cancelled()
            optimizers.set_rate_factor(rate / plan.learning_rate)
            batch_loss = float(step(*batch)[0]) / len(batch[0])
            loss = float(judge(images, labels)[0]) / len(labels)
            level = smoothed.add(loss)
            if math.isfinite(level) and math.isfinite(batch_loss):
                tried.append(TriedRate(rate=rate, batch_loss=batch_loss, loss=loss, smoothed_loss=level))
                seconds = time.perf_counter() - started
                on_tried(tried[-1], len(tried), seconds / len(tried) * (batches - len(tried)))
            if smoothed.has_diverged or not math.isfinite(batch_loss):
                break
    return Sweep(tuple(tried), start_loss, len(tried) < batches, time.perf_counter() - started)


def _judging_step(model: KerasModel, objective: Objective) -> StepFunction:
    """Images and labels → (summed cross-entropy, number of correct predictions), in the network's training form."""

    def judge(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs = objective.outputs(images, training=True)
        return tf.reduce_sum(cross_entropy(outputs, labels)), correct_predictions(outputs, labels)

    return compiled(judge, model)


def _endless(feed: Feed) -> Iterator[Batch]:
    """The batches of one epoch after another."""
    epoch = 0
    while True:
        epoch += 1
        yield from feed.training_epoch(epoch)
