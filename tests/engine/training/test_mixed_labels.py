"""Mixed images are trained on as with soft targets, whatever else shapes the loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.events import EngineEvent, EpochFinished
from engine.contract.training_settings import TrainingSettings
from engine.training.feed import Feed
from engine.training.mixed_labels import MixedLabels
from engine.training.plan import TrainingPlan
from tests.small_study import make_context, two_layers

pytestmark = pytest.mark.usefixtures("small_context")
GENERATOR = np.random.default_rng(0)
COUNT = 12
SHARES = GENERATOR.random(COUNT, dtype=np.float32)
ALL = ("pad_crop", "mixup", "hflip", "cutmix")


def labels_of(classes: int) -> MixedLabels:
    return MixedLabels(GENERATOR.integers(0, classes, COUNT), GENERATOR.integers(0, classes, COUNT), SHARES)


def probabilities(outputs: int) -> np.ndarray:
    drawn = GENERATOR.random((COUNT, outputs), dtype=np.float32) + 0.05
    return drawn / 1.1 if outputs == 1 else drawn / drawn.sum(axis=1, keepdims=True)


def soft_loss(outputs: np.ndarray, labels: MixedLabels, smoothing: float, weights: np.ndarray | None) -> np.ndarray:
    """By NumPy alone: the cross-entropy with the mixed, smoothed and weighted one-hot labels as the target."""
    classes = max(outputs.shape[1], 2)
    both = np.concatenate([1 - outputs, outputs], axis=1) if outputs.shape[1] == 1 else outputs
    smooth = np.eye(classes) * (1 - smoothing) + smoothing / classes
    if weights is not None:
        smooth *= weights[:classes, None]
    share = labels.shares[:, None].astype(np.float64)
    target = share * smooth[labels.labels] + (1 - share) * smooth[labels.partners]
    return -(target * np.log(both)).sum(axis=1)


@pytest.mark.parametrize("outputs", [1, 2, 3])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, np.array([0.5, 2.0, 1.0], np.float32)])
def test_the_loss_is_that_of_soft_targets(outputs: int, smoothing: float, weights: np.ndarray | None) -> None:
    import tensorflow as tf

    from engine.training.objective import CrossEntropy

    predicted, labels = probabilities(outputs), labels_of(max(outputs, 2))
    objective = CrossEntropy(None, smoothing, weights)  # type: ignore[arg-type]
    losses = objective.losses(tf.constant(predicted), MixedLabels(*map(tf.constant, labels)))
    assert losses.dtype == tf.float32
    np.testing.assert_allclose(losses, soft_loss(predicted, labels, smoothing, weights), rtol=2e-5)


def test_a_prediction_is_right_by_the_larger_share() -> None:
    import tensorflow as tf

    from engine.training.mixed_labels import dominant_labels
    from engine.training.objective import correct_predictions

    labels = MixedLabels(*map(tf.constant, labels_of(3)))
    predicted = probabilities(3)
    larger = np.where(SHARES >= 0.5, labels.labels, labels.partners)
    right = correct_predictions(tf.constant(predicted), dominant_labels(labels))
    assert int(right) == np.sum(predicted.argmax(axis=1) == larger)


def test_one_update_is_that_of_keras_with_soft_targets() -> None:
    import tf_keras

    from engine.training.objective import CrossEntropy
    from engine.training.update import Optimizers, training_step

    layers = tf_keras.layers
    image = tf_keras.Input((4, 4, 1))
    model = tf_keras.Model(image, layers.Dense(3, "softmax", name="classifier")(layers.Flatten()(image)))
    keras = tf_keras.models.clone_model(model)
    keras.set_weights(model.get_weights())
    plan = TrainingPlan.of_recipe(TrainingSettings(optimizer="sgd", learning_rate=0.1, weight_decay=0.0))
    images, labels = GENERATOR.random((COUNT, 4, 4, 1), dtype=np.float32), labels_of(3)
    step = training_step(model, Optimizers(model, plan), (), CrossEntropy(model), mixed_labels=True)
    loss, _ = step(images, labels)
    keras.compile(tf_keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True), "categorical_crossentropy")
    share, one_hot = SHARES[:, None], np.eye(3, dtype=np.float32)
    told = keras.train_on_batch(images, share * one_hot[labels.labels] + (1 - share) * one_hot[labels.partners])
    assert float(loss) / COUNT == pytest.approx(told, rel=1e-5)
    for ours, theirs in zip(model.get_weights(), keras.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_student_is_distilled_on_mixed_labels() -> None:
    """α·cross-entropy is shared out; the teacher's outputs are those for the mixed image itself."""
    import tensorflow as tf
    import tf_keras

    from engine.steps.knowledge_distillation.distillation import Distillation, softened_divergence
    from engine.training.objective import CrossEntropy

    def network() -> Any:
        image = tf_keras.Input((8, 8, 1))
        features = tf_keras.layers.Conv2D(2, 3)(image)
        return tf_keras.Model(
            image, tf_keras.layers.Dense(3, "softmax")(tf_keras.layers.GlobalAveragePooling2D()(features))
        )

    student, teacher = network(), network()
    images, labels = tf.constant(GENERATOR.random((COUNT, 8, 8, 1), dtype=np.float32)), labels_of(3)
    objective = Distillation(student, teacher, CrossEntropy(student, 0.1), alpha=0.3, temperature=2)
    outputs, losses = objective.training(images, MixedLabels(*map(tf.constant, labels)))
    expected = 0.3 * soft_loss(outputs.numpy(), labels, 0.1, None)
    expected += 0.7 * softened_divergence(teacher(images), outputs, 2).numpy()
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


def test_the_feed_hands_on_how_it_mixed(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    plain = Feed(context.dataset, context.pipeline, 7, 16)
    feed = replace(plain, augmentation=ALL)
    assert (feed.mixes, plain.mixes) == (True, False)
    assert all(isinstance(labels, np.ndarray) for _, labels in plain.training_epoch(1))
    for (images, labels), (_, unmixed) in zip(feed.training_epoch(1), plain.training_epoch(1), strict=True):
        assert isinstance(labels, MixedLabels)
        assert np.array_equal(labels.labels, unmixed)
        assert len(images) == len(labels.partners) == len(labels.shares)
        assert sorted(labels.partners) == sorted(unmixed), "partners are of the same batch"
    for _, labels in feed.in_order(next(iter(context.dataset.splits))):
        assert isinstance(labels, np.ndarray)


def test_a_mixed_training_that_is_cut_off_continues_bit_for_bit(tmp_path: Path) -> None:
    def train(folder: Path, emit: Any = lambda event: None) -> Any:
        context = make_context(folder, epochs=3)
        more = {"augment": ALL, "label_smoothing": 0.1, "class_weights": "balanced"}
        model = two_layers(context)
        plan = replace(TrainingPlan.of_recipe(context.recipe.training), **more)
        return model, replace(context.trainer, emit=emit).train(model, plan)

    whole, outcome = train(tmp_path / "whole")

    def cut_off(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", cut_off)
    continued, later = train(tmp_path / "cut")
    assert all(np.array_equal(a, b) for a, b in zip(whole.get_weights(), continued.get_weights(), strict=True))
    assert [record.loss for record in later.records] == [record.loss for record in outcome.records]
    assert all(0 < record.accuracy <= 1 for record in outcome.records)
