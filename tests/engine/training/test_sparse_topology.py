"""Sparse training drops and grows as published, at the same sparsity in every batch, and resumes bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.events import EngineEvent, EpochFinished
from engine.feeding.pipeline import network_input_shape
from engine.steps.dynamic_sparse_training.evidence import SparseExploration
from engine.steps.dynamic_sparse_training.exchange_schedule import ExchangeSchedule
from engine.training.plan import TrainingPlan
from engine.workbench.step_context import StepContext
from tests.small_study import make_context

pytestmark = pytest.mark.usefixtures("small_context")
ACTIVE = (40, 100, 16)
"""Of conv1, conv2 and the classifier, which is dense: else whole channels could have no gradient, and what grows in
them at random would stay at zero."""
EPOCHS = 4


def network(context: StepContext) -> Any:
    import tf_keras

    tf_keras.utils.set_random_seed(7)
    layers = tf_keras.layers
    image = tf_keras.Input(network_input_shape(context.recipe.images.first))
    features = layers.Conv2D(8, 3, strides=4, name="conv1")(image)
    features = layers.ReLU()(layers.BatchNormalization()(features))
    features = layers.Conv2D(16, 3, name="conv2")(features)
    pooled = layers.GlobalAveragePooling2D()(layers.ReLU()(layers.BatchNormalization()(features)))
    return tf_keras.Model(image, layers.Dense(1, "sigmoid", name="classifier")(pooled))


def topology(model: Any, method: str = "rigl", seed: int = 7, told: list[SparseExploration] | None = None) -> Any:
    from engine.steps.dynamic_sparse_training.sparse_topology import SparseTopology
    from engine.training.kernels import kernels

    schedule = ExchangeSchedule(update_every=2, drop_fraction=0.3, stop_fraction=0.75, epochs=EPOCHS)
    found = [] if told is None else told
    return SparseTopology(kernels(model), ACTIVE, schedule, method, seed, found.append)


def values(model: Any) -> list[np.ndarray]:
    from engine.training.kernels import kernels

    return [kernel.numpy().ravel() for kernel in kernels(model).values()]


def one_batch(model: Any, held: Any, context: StepContext) -> tuple[Any, Callable[[int], None]]:
    """The optimizers, and a call that trains batch `step` of 40 on the same random images."""
    from engine.training.objective import CrossEntropy
    from engine.training.update import Optimizers, training_step

    optimizers = Optimizers(model, TrainingPlan.of_recipe(context.recipe.training))
    step = training_step(model, optimizers, [held], CrossEntropy(model))
    images, labels = batch(context)

    def train(number: int) -> None:
        held.before_batch(number, 40)
        step(images, labels)

    return optimizers, train


def batch(context: StepContext) -> tuple[np.ndarray, np.ndarray]:
    shape = (16, *network_input_shape(context.recipe.images.first))
    return np.random.default_rng(2).random(shape, np.float32), np.arange(16, dtype=np.int64) % 2


def dense_gradients(model: Any, context: StepContext) -> list[np.ndarray]:
    import tensorflow as tf

    from engine.training.kernels import kernels
    from engine.training.objective import cross_entropy

    images, labels = batch(context)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(cross_entropy(model(images, training=True), labels))
    return [gradient.numpy().ravel() for gradient in tape.gradient(loss, list(kernels(model).values()))]


@pytest.mark.parametrize("method", ["rigl", "set"])
def test_an_exchange_drops_the_smallest_and_grows_by_the_method(small_context: StepContext, method: str) -> None:
    model = network(small_context)
    held = topology(model, method)
    optimizers, train = one_batch(model, held, small_context)
    train(1)
    before, masks = values(model), [value != 0 for value in values(model)]
    statistics = model.get_weights()
    gradients = dense_gradients(model, small_context)
    model.set_weights(statistics)
    train(2)
    after = values(model)
    dropped = round(held._schedule.fraction_at(2, 40) * ACTIVE[1])
    assert dropped == 30
    assert after[2].all()
    for place, k in ((1, dropped), (0, round(held._schedule.fraction_at(2, 40) * ACTIVE[0]))):
        ranked = np.where(masks[place], np.abs(before[place]), -1)
        kept = np.zeros(ranked.size, bool)
        kept[np.argsort(-ranked, kind="stable")[: ACTIVE[place] - k]] = True
        now = after[place] != 0
        assert now.sum() == ACTIVE[place]
        assert now[kept].all()
        grown = now & ~kept
        candidates = np.where(kept, -1, np.abs(gradients[place]))
        largest = np.argsort(-candidates, kind="stable")[:k]
        if method == "rigl":
            assert set(np.flatnonzero(grown)) == set(largest)
        elif place == 1:
            assert set(np.flatnonzero(grown)) != set(largest)
        # A grown weight and its moments begin at zero: this batch's step is its first.
        new = grown & ~masks[place]
        assert new.any()
        kernel = list(model.trainable_variables)[4 * place]
        first, second = (moment.numpy().ravel() for moment in optimizers.moments(kernel))
        assert kernel.shape.num_elements() == now.size
        np.testing.assert_allclose(first[new], 0.1 * gradients[place][new], rtol=1e-3, atol=1e-8)
        np.testing.assert_allclose(second[new], 0.001 * gradients[place][new] ** 2, rtol=2e-3, atol=1e-12)
        assert not first[~now].any()
        assert not second[~now].any()


def test_what_grows_at_random_comes_from_the_seed(small_context: StepContext) -> None:
    import tensorflow as tf

    grown = []
    # All begin with the same connections, so that only what grows differs.
    first = topology(network(small_context)).state()
    for seed in (7, 7, 8):
        held = topology(network(small_context), "set", seed)
        held.restore(first)
        variables = held._kernels
        held.before_batch(2, 40)
        held.steer([tf.ones(variable.shape) for variable in variables], variables, lambda variable: [])
        grown.append(held.state()["mask_1"])
    assert grown[0].sum() == ACTIVE[1]
    assert np.array_equal(grown[0], grown[1])
    assert not np.array_equal(grown[0], grown[2])


def test_a_batch_that_overflows_puts_the_exchange_off(small_context: StepContext) -> None:
    import tensorflow as tf

    model = network(small_context)
    held = topology(model)
    variables = list(model.trainable_variables)
    held.before_batch(2, 40)
    for value, done in ((np.inf, 0), (1.0, 1)):
        gradients = [tf.fill(variable.shape, np.float32(value)) for variable in variables]
        held.steer(gradients, variables, lambda variable: [])
        assert held._exchanges.numpy() == done
    held.before_batch(3, 40)
    assert [one.batch for one in held._history] == [3]


def train_whole(
    folder: Path, method: str, emit: Callable[[EngineEvent], None] = lambda event: None, **more: Any
) -> tuple[Any, list[SparseExploration], Sequence[Sequence[int]]]:
    """A training with the connections counted before every batch: model, evidence, counts."""
    from engine.training.projection import Projection

    context = make_context(folder, epochs=EPOCHS)
    plan = replace(TrainingPlan.of_recipe(context.recipe.training), **more)
    model = network(context)
    told: list[SparseExploration] = []
    held = topology(model, method, told=told)
    counts: list[list[int]] = []

    class Counted(Projection):
        def before_batch(self, step: int, steps: int) -> None:
            counts.append([int(np.count_nonzero(value)) for value in values(model)])

        def project(self) -> None:
            pass

    replace(context.trainer, emit=emit).train(model, plan, [held, Counted()])
    held.report()
    return model, told, counts


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("rigl", {"restore_best": False}),
        ("set", {"optimizer": "sgd", "weight_decay": 1e-3, "head_learning_rate": 1e-2}),
    ],
)
def test_the_sparsity_holds_in_every_batch_and_a_cut_off_training_continues_bit_for_bit(
    tmp_path: Path, method: str, more: dict[str, Any]
) -> None:
    whole, told, counts = train_whole(tmp_path / "whole", method, **more)
    assert len(counts) >= EPOCHS * 4
    assert {tuple(one) for one in counts} == {ACTIVE}
    assert tuple(np.count_nonzero(value) for value in values(whole)) == ACTIVE

    def cut_off(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_whole(tmp_path / "cut", method, cut_off, **more)
    continued, later, _ = train_whole(tmp_path / "cut", method, **more)
    for one, other in zip(whole.get_weights(), continued.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert later[-1] == told[-1]
    last = told[-1]
    assert last.done == last.planned == len(last.exchanges) > 2
    explored = [one.explored_fraction for one in last.exchanges]
    assert explored == sorted(explored)
    assert explored[-1] == pytest.approx(last.explored_fraction)
    assert 1 - last.sparsity_fraction < last.explored_fraction < 1
    assert [one.connections for one in last.layers] == list(ACTIVE)


def test_a_projection_that_wants_no_gradients_traces_nothing(small_context: StepContext) -> None:
    from engine.training.kept_zeros import KeptZeros

    gradients: list[Any] = [object()]
    assert KeptZeros([]).steer(gradients, [], lambda variable: []) is gradients


@pytest.mark.parametrize(("optimizer", "count"), [("adam", 2), ("adamw", 2), ("sgd", 1), ("rmsprop", 1)])
def test_every_moment_of_a_kernel_is_found(small_context: StepContext, optimizer: str, count: int) -> None:
    from engine.training.update import Optimizers

    model = network(small_context)
    plan = replace(TrainingPlan.of_recipe(small_context.recipe.training), optimizer=optimizer, weight_decay=0.1)
    optimizers = Optimizers(model, plan)
    found = [optimizers.moments(variable) for variable in model.trainable_variables]
    for variable, moments in zip(model.trainable_variables, found, strict=True):
        # RMSprop has a momentum too, which is not used here.
        assert len(moments) >= count
        assert {tuple(moment.shape) for moment in moments} == {tuple(variable.shape)}
    every = {id(moment) for moments in found for moment in moments}
    assert every == {id(own) for own in optimizers.variables if own.shape.rank > 0}
