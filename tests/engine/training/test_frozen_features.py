"""A frozen base is computed once: the head trains as it would with the whole network, only sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import Cancelled
from engine.contract.events import EngineEvent, EpochFinished, FeatureProgress, Notice, Paused
from engine.training.control import Control
from engine.training.feature_store import FEATURES_FILE, FeatureStore
from engine.training.plan import TrainingPlan
from engine.workbench.step_context import StepContext

pytestmark = pytest.mark.usefixtures("small_context")


@pytest.fixture(scope="module")
def context(small_context: StepContext) -> StepContext:
    """The trainer of the small study, without augmentation."""
    return small_context


def frozen_network(context: StepContext) -> Any:
    """A residual network whose base is frozen, with averages of batch normalisation as after a training."""
    from engine.backbones.backbone import layer_graph
    from engine.feeding.pipeline import network_input_shape
    from engine.training.keras_network import build_keras_network

    shape = network_input_shape(context.recipe.images.first)
    graph = layer_graph(context.recipe.backbone, shape, len(context.dataset.classes))
    model = build_keras_network(graph, seed=7, freeze_base=True)
    generator = np.random.default_rng(7)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            _, beta, mean, variance = layer.get_weights()
            gamma, variance = (generator.uniform(0.5, 1.5, mean.shape) for _ in range(2))
            layer.set_weights([gamma, beta, generator.normal(mean, 0.1), variance])
    return model


def train(
    context: StepContext,
    folder: Path,
    features: Path | None,
    emit: Callable[[EngineEvent], None] = lambda event: None,
    control: Control | None = None,
    unfrozen: tuple[str, ...] = (),
    **more: Any,
) -> tuple[Any, Any]:
    trainer = replace(
        context.trainer,
        checkpoint=folder / "training.checkpoint",
        features=features,
        emit=emit,
        control=control or Control(),
    )
    plan = TrainingPlan.of_recipe(context.recipe.training)
    plan = replace(plan, **{"augment": (), "epochs": 4, "restore_best": False} | more)
    model = frozen_network(context)
    return model, trainer.train(model, plan, unfrozen=unfrozen)


def head(model: Any) -> np.ndarray:
    return np.concatenate([values.ravel() for values in model.get_layer("classifier").get_weights()])


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("features-*"))


@pytest.fixture(scope="module")
def whole(context: StepContext, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Trained without stored features."""
    return train(context, tmp_path_factory.mktemp("whole"), None, test_epochs=(2,))


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("features")


@pytest.fixture(scope="module")
def by_features(context: StepContext, features: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    told: list[EngineEvent] = []
    model, outcome = train(context, tmp_path_factory.mktemp("by_features"), features, told.append, test_epochs=(2,))
    return model, outcome, told


def test_the_weights_and_the_epochs_are_those_of_the_whole_network(
    whole: tuple[Any, Any], by_features: tuple[Any, Any, Any], features: Path
) -> None:
    model, outcome, _ = by_features
    assert len(kept(features)) == 1
    begun = head(frozen_network_like(model))
    assert np.abs(head(model) - begun).max() > 1e-3, "the head has learned"
    for ours, theirs in zip(model.get_weights(), whole[0].get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    for ours, theirs in zip(outcome.records, whole[1].records, strict=True):
        assert ours.loss == pytest.approx(theirs.loss, abs=1e-5)
        assert ours.validation_loss == pytest.approx(theirs.validation_loss, abs=1e-5)
        assert (ours.validation_accuracy, ours.test_accuracy) == (theirs.validation_accuracy, theirs.test_accuracy)
    assert outcome.records[1].test_accuracy is not None


def frozen_network_like(model: Any) -> Any:
    """The same layers with the weights that they began with."""
    from tf_keras.models import clone_model

    return clone_model(model)


def test_progress_tells_the_time_left(by_features: tuple[Any, Any, Any], context: StepContext) -> None:
    told = [event for event in by_features[2] if isinstance(event, FeatureProgress)]
    assert told[-1].done == told[-1].total == len(context.dataset.images)
    assert told[-1].seconds_left == 0


def test_they_are_used_again_and_by_a_training_that_was_cut_off_bit_for_bit(
    context: StepContext, by_features: tuple[Any, Any, Any], features: Path, tmp_path: Path
) -> None:
    told: list[EngineEvent] = []

    def cut_off(event: EngineEvent) -> None:
        told.append(event)
        if isinstance(event, EpochFinished) and event.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(context, tmp_path, features, cut_off, test_epochs=(2,))
    model, _ = train(context, tmp_path, features, told.append, test_epochs=(2,))
    assert np.array_equal(head(model), head(by_features[0]))
    assert not any(isinstance(event, FeatureProgress) for event in told)


def test_unfreezing_goes_back_to_the_whole_network(context: StepContext, tmp_path: Path) -> None:
    last = [layer.name for layer in frozen_network(context).layers if type(layer).__name__ == "Conv2D"][-1]
    more = {"unfrozen": (last,), "unfreeze_epoch": 3, "learning_rate": 1e-3}
    ours, _ = train(context, tmp_path / "a", tmp_path / "features", **more)
    theirs, _ = train(context, tmp_path / "b", None, **more)
    assert len(kept(tmp_path / "features")) == 1
    begun = frozen_network(context).get_layer(last).get_weights()[0]
    assert np.abs(ours.get_layer(last).get_weights()[0] - begun).max() > 1e-4
    for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("more", [{"augment": ("hflip",)}, {"epochs": 1}, {"unfreeze_epoch": 2}])
def test_where_nothing_is_gained_none_are_kept(context: StepContext, tmp_path: Path, more: dict[str, Any]) -> None:
    train(context, tmp_path, tmp_path / "features", **{"epochs": 2, **more})
    assert not kept(tmp_path / "features")


def test_damaged_ones_are_put_aside_and_computed_again(context: StepContext, tmp_path: Path) -> None:
    first, _ = train(context, tmp_path / "a", tmp_path, epochs=2)
    (folder,) = kept(tmp_path)
    content = bytearray((folder / FEATURES_FILE).read_bytes())
    content[-3] ^= 0xFF
    (folder / FEATURES_FILE).write_bytes(content)
    told: list[EngineEvent] = []
    second, _ = train(context, tmp_path / "b", tmp_path, told.append, epochs=2)
    assert np.array_equal(head(first), head(second))
    (notice,) = [event for event in told if isinstance(event, Notice)]
    assert "damaged" in notice.message
    assert (kept(tmp_path)[1].name).startswith(f"{folder.name}.damaged-")


def test_without_room_the_whole_network_trains_and_says_so(
    context: StepContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.training.feature_store.MAX_SHARE_OF_FREE_DISK", 0.0)
    told: list[EngineEvent] = []
    _, outcome = train(context, tmp_path, tmp_path, told.append, epochs=2)
    assert len(outcome.records) == 2
    (notice,) = [event for event in told if isinstance(event, Notice)]
    assert "GiB that are free" in notice.message
    assert not kept(tmp_path)


def test_cancelling_leaves_nothing_and_stopping_ends_at_once(context: StepContext, tmp_path: Path) -> None:
    control = Control()

    def cancel(event: EngineEvent) -> None:
        if isinstance(event, FeatureProgress):
            control.cancel()

    with pytest.raises(Cancelled):
        train(context, tmp_path, tmp_path, cancel, control)
    assert not list(tmp_path.glob("*features-*"))
    control = Control()
    control.stop_stage()
    _, outcome = train(context, tmp_path, tmp_path, control=control)
    assert outcome.stopped_early
    assert len(outcome.records) == 1
    assert not kept(tmp_path)


def test_pausing_holds_while_they_are_computed(context: StepContext, tmp_path: Path) -> None:
    paused: list[Paused] = []
    control = Control()

    def resume() -> None:
        paused.append(Paused())
        control.resume()

    control = Control(on_paused=resume)
    control.pause()
    seen: list[bool] = []
    train(context, tmp_path, tmp_path, lambda event: seen.append(bool(paused)), control, epochs=2)
    assert len(paused) == 1
    assert kept(tmp_path)


def frozen_twice(keras: Any, image: Any) -> Any:
    """The maps of one frozen layer that is used twice, averaged."""
    layer = keras.layers.Conv2D(1, 3, padding="same", trainable=False)
    return keras.layers.GlobalAveragePooling2D()(layer(layer(image)))


def test_the_base_ends_where_training_or_chance_begins(context: StepContext) -> None:
    import tf_keras

    from engine.training.frozen_base import split_behind_frozen_base

    image = tf_keras.Input((8, 8, 1))
    frozen = tf_keras.layers.Conv2D(4, 3, name="frozen")
    frozen.trainable = False
    maps = frozen(image)
    pooled = tf_keras.layers.GlobalAveragePooling2D(name="pooled")(maps)
    dropped = tf_keras.layers.Dropout(0.5, name="dropout")(pooled)
    outputs = tf_keras.layers.Dense(2, "softmax", name="classifier")(dropped)
    found = split_behind_frozen_base(tf_keras.Model(image, outputs))
    assert found is not None
    assert [layer.name for layer in found.base.layers[1:]] == ["frozen", "pooled"]
    assert found.rest.shape == (4,)
    beside = tf_keras.layers.Dense(4, name="beside")(tf_keras.layers.Flatten()(image))
    joined = tf_keras.layers.Add()([pooled, beside])
    both = tf_keras.Model(image, tf_keras.layers.Dense(2, "softmax")(joined))
    assert split_behind_frozen_base(both) is None, "a branch that trains starts at the image"
    pooled_twice = tf_keras.layers.Add()([pooled, frozen_twice(tf_keras, image)])
    assert split_behind_frozen_base(tf_keras.Model(image, tf_keras.layers.Dense(2)(pooled_twice))) is None
    whole = frozen_network(context)
    whole.trainable = True
    assert split_behind_frozen_base(whole) is None


def test_the_store_checks_every_byte(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "features-1", (3, 2))
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    store.write(iter([values[:2], values[2:]]))
    opened = store.opened()
    assert opened is not None
    assert np.array_equal(opened, values)
    assert FeatureStore(store.folder, (2, 3)).opened() is None
