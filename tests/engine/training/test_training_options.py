"""What the training table asks for is what happens: losses, decay, freezing, patience, the epoch that is kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from engine.contract.events import EngineEvent, EpochFinished
from engine.contract.training_settings import TrainingSettings
from engine.datasets.source import Split
from engine.training.balance import balanced_weights
from engine.training.plan import TrainingPlan
from tests.small_study import make_context, two_layers, untrained

pytestmark = pytest.mark.usefixtures("small_context")


def two_dense(outputs: int) -> Any:
    """A network that is quick to reason about: 4×4 pixels, one hidden layer."""
    import tf_keras

    image = tf_keras.Input((4, 4, 1))
    hidden = tf_keras.layers.Dense(5, activation="relu", name="hidden")(tf_keras.layers.Flatten()(image))
    activation = "sigmoid" if outputs == 1 else "softmax"
    return tf_keras.Model(image, tf_keras.layers.Dense(outputs, activation, name="classifier")(hidden))


def one_update(model: Any, plan: TrainingPlan, images: np.ndarray, labels: np.ndarray, weights: Any = None) -> Any:
    from engine.training.objective import CrossEntropy
    from engine.training.update import Optimizers, training_step

    objective = CrossEntropy(model, plan.label_smoothing, weights)
    loss, _ = training_step(model, Optimizers(model, plan), (), objective)(images, labels)
    return float(loss) / len(labels)


@pytest.fixture
def batch() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.random((12, 4, 4, 1), dtype=np.float32), generator.integers(0, 2, 12)


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 1.0]])
def test_smoothed_and_weighted_loss_is_that_of_keras(
    batch: tuple[np.ndarray, np.ndarray], outputs: int, weights: list[float] | None
) -> None:
    import tf_keras

    images, labels = batch
    plan = TrainingPlan.of_recipe(
        TrainingSettings(label_smoothing=0.2, optimizer="sgd", learning_rate=0.1, weight_decay=0)
    )
    ours, keras = two_dense(outputs), two_dense(outputs)
    keras.set_weights(ours.get_weights())
    kinds = tf_keras.losses
    loss = (kinds.BinaryCrossentropy if outputs == 1 else kinds.CategoricalCrossentropy)(label_smoothing=0.2)
    keras.compile(tf_keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), loss)
    targets = labels[:, None].astype(np.float32) if outputs == 1 else np.eye(outputs, dtype=np.float32)[labels]
    sample_weight = None if weights is None else np.array(weights, np.float32)[labels]
    told = keras.train_on_batch(images, targets, sample_weight=sample_weight)
    given = None if weights is None else np.array(weights, np.float32)
    assert one_update(ours, plan, images, labels, given) == pytest.approx(told, rel=1e-5)
    for a, b in zip(ours.get_weights(), keras.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_weight_decay_pulls_kernels_and_nothing_else(batch: tuple[np.ndarray, np.ndarray]) -> None:
    """sgd: rate·decay·w through the gradient; adamw: the same beside Adam's step, whose size is the rate."""
    images, labels = batch
    for optimizer, momentum in (("sgd", 0.0), ("adamw", 0.9)):
        plain = TrainingPlan.of_recipe(
            TrainingSettings(optimizer=optimizer, momentum=momentum, learning_rate=0.1, weight_decay=0)  # type: ignore[arg-type]
        )
        bare, decayed = two_dense(1), two_dense(1)
        decayed.set_weights(bare.get_weights())
        before = bare.get_weights()
        one_update(bare, plain, images, labels)
        one_update(decayed, replace(plain, weight_decay=0.5), images, labels)
        for start, without, with_decay in zip(before, bare.get_weights(), decayed.get_weights(), strict=True):
            pulled = 0.1 * 0.5 * start if start.ndim > 1 else 0.0
            np.testing.assert_allclose(without - with_decay, pulled, atol=1e-6)


def test_adam_decays_through_its_gradient(batch: tuple[np.ndarray, np.ndarray]) -> None:
    """The first step of Adam is the rate times the gradient's sign, decay included (Kingma and Ba 2015)."""
    images, labels = batch
    model = two_dense(1)
    before = model.get_weights()[0]
    plan = TrainingPlan.of_recipe(TrainingSettings(optimizer="adam", learning_rate=0.01, weight_decay=1.0))
    one_update(model, replace(plan, weight_decay=1e4), images, labels)
    np.testing.assert_allclose(model.get_weights()[0], before - 0.01 * np.sign(before), atol=1e-4)


def test_rare_classes_weigh_as_much_as_frequent_ones() -> None:
    labels = np.array([0] * 6 + [1] * 3 + [2] * 1)
    expected = compute_class_weight("balanced", classes=np.array([0, 1, 2]), y=labels)
    np.testing.assert_allclose(balanced_weights(labels, 3), expected, rtol=1e-6)


def test_a_frozen_base_trains_from_its_epoch_on(tmp_path: Path) -> None:
    context = make_context(tmp_path, epochs=2)
    model = two_layers(context, freeze_base=True)
    plan = replace(TrainingPlan.of_recipe(context.recipe.training), unfreeze_epoch=2, restore_best=False, augment=())
    watched = [model.get_layer(name) for name in ("conv", "bn", "classifier")]
    seen: list[list[list[np.ndarray]]] = []

    def look(event: EngineEvent | None = None) -> None:
        if event is None or isinstance(event, EpochFinished):
            seen.append([layer.get_weights() for layer in watched])

    look()
    replace(context.trainer, emit=look).train(model, plan, unfrozen=("conv",))
    moved = [[not np.array_equal(a[0], b[0]) for a, b in zip(*pair, strict=True)] for pair in pairwise(seen)]
    assert moved == [[False, False, True], [True, False, True]]


def test_patience_ends_a_training_that_no_longer_gets_better(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    model = two_layers(context)
    plan = replace(
        TrainingPlan.of_recipe(context.recipe.training),
        epochs=40,
        learning_rate=1e-12,
        head_learning_rate=1e-12,
        early_stopping=3,
    )
    outcome = context.trainer.train(model, plan)
    best = max(outcome.records, key=lambda record: (record.validation_accuracy, -record.validation_loss)).epoch
    assert outcome.best_epoch == best
    assert len(outcome.records) == best + 3 < 40
    assert not outcome.stopped_early, "it is as planned"


def test_the_sweep_tests_after_the_epochs_asked_for_and_the_last_weights_are_kept(tmp_path: Path) -> None:
    context = make_context(tmp_path, epochs=3)
    model = two_layers(context)
    plan = replace(TrainingPlan.of_recipe(context.recipe.training), test_epochs=(1, 3), restore_best=False)
    outcome = context.trainer.train(model, plan)
    told = [record.test_accuracy for record in outcome.records]
    assert told[1] is None
    rows = context.dataset.splits[Split.TEST]
    outputs = model.predict(context.pipeline.feed(np.asarray(context.dataset.images[rows])), verbose=0)
    assert told[2] == pytest.approx(np.mean((outputs[:, 0] >= 0.5) == context.dataset.labels[rows]))


def test_the_head_starts_by_xavier(tmp_path: Path) -> None:
    """Glorot and Bengio 2010, equation 16: uniform within ±√(6 / (inputs + outputs))."""
    kernel = untrained(make_context(tmp_path)).model.get_layer("classifier").get_weights()[0]
    most = np.sqrt(6 / sum(kernel.shape))
    assert 0.9 * most < np.abs(kernel).max() <= most


def test_a_scaled_loss_gives_the_same_update_and_leaves_out_one_that_overflows(
    batch: tuple[np.ndarray, np.ndarray],
) -> None:
    from engine.training.objective import CrossEntropy
    from engine.training.precision import FIRST_SCALE, LossScale
    from engine.training.update import Optimizers, training_step

    images, labels = batch
    plan = TrainingPlan.of_recipe(TrainingSettings())
    plain, scaled = two_dense(1), two_dense(1)
    scaled.set_weights(plain.get_weights())
    one_update(plain, plan, images, labels)
    scale = LossScale()
    optimizers = Optimizers(scaled, plan, scale)
    step = training_step(scaled, optimizers, (), CrossEntropy(scaled, plan.label_smoothing))
    step(images, labels)
    for a, b in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    before = [variable.numpy() for variable in (*scaled.variables, *optimizers.variables[:-2])]
    step(np.full_like(images, np.inf), labels)
    after = [variable.numpy() for variable in (*scaled.variables, *optimizers.variables[:-2])]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert [float(variable.numpy()) for variable in scale.variables] == [FIRST_SCALE / 2, 0]


def test_a_processor_computes_in_float32() -> None:
    import tensorflow as tf

    from engine.training.precision import computes_in_16_bits

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a graphics card")
    assert not any(computes_in_16_bits(precision) for precision in ("auto", "float32", "mixed_float16"))
