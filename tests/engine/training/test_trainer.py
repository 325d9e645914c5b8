"""The training loop: it is Keras's own arithmetic, it can be stopped and continued, and the same seed ends the same."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import Cancelled, NutshellError
from engine.contract.events import BatchProgress, EngineEvent, EpochFinished, Notice, Paused
from engine.datasets.source import Split
from engine.training.control import Control
from engine.training.feed import Feed
from engine.training.plan import TrainingPlan
from tests.small_study import make_context, two_layers, untrained

pytestmark = pytest.mark.usefixtures("small_context")


def train(folder: Path, epochs: int, emit: Callable[[EngineEvent], None] = lambda event: None, **more: Any) -> Any:
    context = make_context(folder, more.pop("control", None), epochs)
    plan = replace(TrainingPlan.of_recipe(context.recipe.training), **more)
    model = two_layers(context, freeze_base=plan.unfreeze_epoch > 0)
    return model, replace(context.trainer, emit=emit).train(model, plan, unfrozen=("conv",))


def same(first: Any, second: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def test_the_same_seed_ends_in_the_same_weights(tmp_path: Path) -> None:
    first, _ = train(tmp_path / "one", 2)
    second, _ = train(tmp_path / "two", 2)
    assert same(first, second)


CUT_OFF = {
    "adam": {"schedule": "cosine", "head_learning_rate": 1e-2, "class_weights": "balanced", "warmup_epochs": 1},
    "adamw": {"weight_decay": 1e-2, "label_smoothing": 0.1, "schedule": "step", "step_epochs": (2,)},
    "sgd": {"momentum": 0.8, "weight_decay": 1e-3, "unfreeze_epoch": 2, "head_learning_rate": 1e-2},
    "rmsprop": {"unfreeze_epoch": 3, "early_stopping": 2, "test_epochs": (1, 3), "restore_best": False},
}
"""Optimizer → plan; together they hold everything that a training remembers from one epoch to the next."""


@pytest.mark.parametrize("optimizer", CUT_OFF)
def test_a_training_that_is_cut_off_continues_bit_for_bit(tmp_path: Path, optimizer: str) -> None:
    more = {"optimizer": optimizer, **CUT_OFF[optimizer]}
    whole, outcome = train(tmp_path / "whole", 3, **more)

    def cut_off(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "cut", 3, cut_off, **more)
    continued, later = train(tmp_path / "cut", 3, **more)
    assert same(whole, continued)
    told = [(r.loss, r.validation_loss, r.learning_rate, r.test_accuracy) for r in outcome.records]
    assert [(r.loss, r.validation_loss, r.learning_rate, r.test_accuracy) for r in later.records] == told


def test_one_step_is_that_of_keras(tmp_path: Path) -> None:
    import tf_keras

    context = make_context(tmp_path)
    ours, keras = untrained(context).model, untrained(context).model
    plan = replace(
        TrainingPlan.of_recipe(context.recipe.training),
        epochs=1,
        augment=(),
        batch_size=len(context.dataset.images),
        optimizer="adam",
        weight_decay=0.0,
        label_smoothing=0.0,
        warmup_epochs=0,
    )
    context.trainer.train(ours, plan)
    ((images, labels),) = list(Feed(context.dataset, context.pipeline, 7, plan.batch_size).training_epoch(1))
    keras.compile(tf_keras.optimizers.Adam(plan.learning_rate), "binary_crossentropy")
    keras.train_on_batch(images, labels)
    for a, b in zip(ours.get_weights(), keras.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)


def test_stopping_ends_the_stage_and_keeps_the_best_epoch(tmp_path: Path) -> None:
    control = Control()

    def stop(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished) and event.epoch == 2:
            control.stop_stage()

    _, outcome = train(tmp_path, 50, stop, control=control)
    assert outcome.stopped_early
    assert len(outcome.records) == 2
    assert outcome.best_epoch in {1, 2}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_training_that_diverges_ends_with_its_best_epoch(tmp_path: Path, value: float) -> None:
    context = make_context(tmp_path, epochs=4)
    model = untrained(context).model
    told: list[EngineEvent] = []
    after_first: list[list[np.ndarray]] = []

    def poison(event: EngineEvent) -> None:
        told.append(event)
        if isinstance(event, EpochFinished):
            after_first.append(model.get_weights())
            model.set_weights([np.full_like(weights, value) for weights in model.get_weights()])

    outcome = replace(context.trainer, emit=poison).train(model, TrainingPlan.of_recipe(context.recipe.training))
    assert (outcome.best_epoch, len(outcome.records)) == (1, 1)
    assert all(np.array_equal(*pair) for pair in zip(model.get_weights(), after_first[0], strict=True))
    (notice,) = [event.message for event in told if isinstance(event, Notice)]
    assert re.search(r"diverged in epoch 2.*the weights of epoch 1 are kept.*give a lower learning rate than", notice)


def test_pausing_holds_at_the_next_batch(tmp_path: Path) -> None:
    told: list[EngineEvent] = []
    control = Control(lambda: told.append(Paused()))
    control.pause()
    thread = threading.Thread(target=train, args=(tmp_path, 1, told.append), kwargs={"control": control})
    thread.start()
    deadline = time.monotonic() + 60
    while not any(isinstance(event, Paused) for event in told) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    assert not any(isinstance(event, BatchProgress | EpochFinished) for event in told)
    control.resume()
    thread.join(60)
    assert isinstance(told[-1], EpochFinished)


def test_cancelling_ends_at_once(tmp_path: Path) -> None:
    control = Control()
    control.cancel()
    with pytest.raises(Cancelled):
        train(tmp_path, 5, control=control)


def test_a_loss_that_explodes_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NutshellError, match="lower learning rate than"):
        train(tmp_path, 5, optimizer="sgd", learning_rate=1e30, head_learning_rate=1e30)


def test_the_model_keeps_the_weights_of_the_best_epoch(tmp_path: Path) -> None:
    context = make_context(tmp_path, epochs=4)
    network = untrained(context)
    outcome = context.trainer.train(network.model, TrainingPlan.of_recipe(context.recipe.training))
    best = max(outcome.records, key=lambda record: (record.validation_accuracy, -record.validation_loss))
    assert outcome.best_epoch == best.epoch
    (images, labels), *_ = Feed(context.dataset, context.pipeline, 7, 16).in_order(Split.VALIDATION)
    decided = (network.model(images).numpy()[:, 0] >= 0.5).astype(int)
    assert np.mean(decided == labels) == pytest.approx(best.validation_accuracy)


def test_epochs_are_fed_differently_and_the_same_again(tmp_path: Path) -> None:
    context = make_context(tmp_path)
    feed = Feed(context.dataset, context.pipeline, 7, 16, ("hflip",))
    one, again, two = (np.concatenate([images for images, _ in feed.training_epoch(epoch)]) for epoch in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)
