"""Activation maps from the file equal those computed by hand, and those of TensorFlow's gradients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from engine.inspection.activation_map import ActivationMap, ActivationMaps, map_distance
from engine.inspection.head_gradient import NoActivationMap
from engine.inspection.moved_maps import rank_moved_maps
from engine.inspection.paired_images import FedImage
from tests.engine.inspection.toy_heads import SHAPE, file_of, image, keras_output, observed, with_head
from tests.tflite_toys import converted

L = keras.layers


@pytest.mark.parametrize("units", [1, 3])
def test_a_map_equals_the_computation_by_hand(units: int, tmp_path: Path) -> None:
    activation = "sigmoid" if units == 1 else "softmax"
    model = with_head([L.GlobalAveragePooling2D(), L.Dense(units, activation=activation, name="head")])
    file, fed = file_of(model, tmp_path), image()
    file.look_at(fed)
    features, weights = keras_output(model, "last", fed), model.get_layer("head").get_weights()[0]
    for place in range(max(units, 2)):
        by_hand = features @ (weights[:, 0] * (1 if place else -1) if units == 1 else weights[:, place])
        found = ActivationMaps(file).of_class(place)
        assert found.method == "cam"
        np.testing.assert_allclose(found.values, by_hand, atol=1e-5)


def test_a_map_is_exact_where_it_is_pooled_before_the_mean(tmp_path: Path) -> None:
    pooled = [
        L.MaxPooling2D(2, name="pooled"),
        L.GlobalAveragePooling2D(),
        L.Dense(3, activation="softmax", name="head"),
    ]
    model, fed = with_head(pooled), image()
    file = file_of(model, tmp_path)
    file.look_at(fed)
    found = ActivationMaps(file).of_class(2)
    assert found.method == "cam"
    by_hand = keras_output(model, "pooled", fed) @ model.get_layer("head").get_weights()[0][:, 2]
    np.testing.assert_allclose(found.values, by_hand, atol=1e-5)


HEADS: dict[str, Callable[[], list[Any]]] = {
    "flatten, dense, dense": lambda: [L.Flatten(), L.Dense(10, activation="relu"), L.Dense(3, activation="softmax")],
    "sigmoid": lambda: [L.Flatten(), L.Dense(10, activation="relu6"), L.Dense(1, activation="sigmoid")],
    "max pooling": lambda: [L.MaxPooling2D(3, 2, padding="same"), L.Flatten(), L.Dense(3, activation="softmax")],
    "average pooling": lambda: [L.AveragePooling2D(3, 2, padding="same"), L.Flatten(), L.Dense(3)],
    "1×1 convolutions after pooling": lambda: [
        L.GlobalAveragePooling2D(keepdims=True),
        L.Conv2D(12, 1),
        L.Activation(lambda x: x * tf.nn.relu6(x + 3) / 6),
        L.Conv2D(3, 1),
        L.Flatten(),
        L.Softmax(),
    ],
    "convolutions down to one pixel": lambda: [
        L.Conv2D(7, 3, activation="relu"),
        L.DepthwiseConv2D(3, strides=2, depth_multiplier=2, name="map"),
        L.Conv2D(5, 1, activation="relu"),
        L.Flatten(),
        L.Dense(3, activation="softmax"),
    ],
    "normalised features": lambda: [
        L.GlobalAveragePooling2D(),
        L.Rescaling(3.0, 0.25),
        L.Dense(6, activation="relu"),
        L.Dense(3, activation="softmax"),
    ],
}


@pytest.mark.parametrize("head", HEADS)
def test_a_map_equals_grad_cam_of_tensorflows_gradients(head: str, tmp_path: Path) -> None:
    model = with_head(HEADS[head]())
    file, fed = file_of(model, tmp_path), image()
    file.look_at(fed)
    maps = ActivationMaps(file)
    height, width = file.graph.shape(maps.head.map)[1:3]
    layer = next(
        place
        for place, one in reversed(list(enumerate(model.layers)))
        if one.output_shape[1:3] == (height, width) and "pool" not in one.name and len(one.output_shape) == 4
    )
    until = keras.Model(model.input, model.layers[layer].output)
    for place in range(2):
        features = until(fed[None], training=False)
        with tf.GradientTape() as tape:
            tape.watch(features)
            x = features
            for one in model.layers[layer + 1 :]:
                if getattr(one, "activation", None) in (keras.activations.softmax, keras.activations.sigmoid):
                    x = tf.matmul(x, one.kernel) + one.bias
                elif not isinstance(one, L.Softmax):
                    x = one(x, training=False)
            logit = x[0, place] if x.shape[1] > 1 else x[0, 0] * (1 if place else -1)
        gradient = tape.gradient(logit, features)[0].numpy()
        expected = np.maximum(features[0].numpy() @ gradient.mean(axis=(0, 1)), 0)
        found = maps.of_class(place)
        assert found.method == "grad_cam"
        np.testing.assert_allclose(found.values, expected, atol=1e-4)


def exact_network() -> Any:
    """Of which int8 loses nothing: pixels are 255ths, each filter passes one channel on, weights are 127ths."""
    model = keras.Sequential(
        [
            L.Input(SHAPE),
            L.Conv2D(6, 1, activation="relu", name="last"),
            L.GlobalAveragePooling2D(),
            L.Dense(2, activation="softmax", name="head"),
        ]
    )
    passing = np.zeros((1, 1, 3, 6), np.float32)
    passing[0, 0, [0, 1, 2, 0, 1, 2], range(6)] = 1.0
    weights = np.array([[127, 3], [-40, 127], [5, -127], [-127, 64], [77, 1], [0, -9]], np.float32) / 127
    model.get_layer("last").set_weights([passing, np.zeros(6, np.float32)])
    model.get_layer("head").set_weights([weights, np.zeros(2, np.float32)])
    return model


def test_an_int8_files_map_equals_the_float_ones_where_nothing_is_lost(tmp_path: Path) -> None:
    model = exact_network()
    fed = np.rint(image() * 255).astype(np.float32) / 255
    fed[0, 0] = (0.0, 1.0, 0.5)
    # Calibrated so that the range of pixels is 0 to 1 exactly.
    files = [file_of(model, tmp_path, name="float"), observed(_int8(model), tmp_path, "int8")]
    maps = []
    for file in files:
        file.look_at(fed)
        maps.append(ActivationMaps(file).of_class(1))
    step = files[1].graph.step(ActivationMaps(files[1]).head.map)
    assert step == pytest.approx(1 / 255, rel=1e-3)
    np.testing.assert_allclose(maps[1].values, maps[0].values, atol=step)
    assert np.abs(maps[0].values).max() > 0.5
    assert map_distance(*maps) == pytest.approx(0.0, abs=step)


def _int8(model: Any) -> bytes:
    serve = tf.function(lambda pixels: {"output": model(pixels, training=False)})
    function = serve.get_concrete_function(tf.TensorSpec([1, *SHAPE], tf.float32, name="image"))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    ramp = np.linspace(0, 1, int(np.prod(SHAPE)), dtype=np.float32).reshape(1, *SHAPE)
    full = [np.where(np.arange(3) == channel, ramp, 1 - ramp) for channel in range(3)]
    converter.representative_dataset = lambda: ([values.astype(np.float32)] for values in full)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return bytes(converter.convert())


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8"])
def test_a_map_is_near_the_float_one_in_every_scheme(scheme: str, tmp_path: Path) -> None:
    model = with_head([L.GlobalAveragePooling2D(), L.Dense(3, activation="softmax", name="head")], seed=5)
    files = [file_of(model, tmp_path, name="float"), file_of(model, tmp_path, scheme, "other")]
    ranked = rank_moved_maps(*files, (FedImage(str(seed), image(seed), image(seed)) for seed in range(5)), 5)
    assert len(ranked.ranked) == 5
    assert all(one.stayed for one in ranked.ranked)
    distances = [one.distance for one in ranked.ranked if one.distance is not None]
    assert len(distances) == 5
    assert distances == sorted(distances, reverse=True)
    # The converter leaves kernels of under 1,024 weights as they are in dynamic range files.
    assert (max(distances) == 0.0) == (scheme == "dynamic_range")
    assert max(distances) < 0.03


def test_an_operator_without_a_known_gradient_is_named(tmp_path: Path) -> None:
    file = file_of(with_head([L.Flatten(), L.Dense(4, activation="tanh"), L.Dense(2)]), tmp_path)
    file.look_at(image())
    with pytest.raises(NoActivationMap, match=r"toy\.tflite and its answer lies TANH, whose gradient is not known"):
        ActivationMaps(file).of_class(0)


def test_a_network_without_convolutions_has_no_map(tmp_path: Path) -> None:
    model = keras.Sequential([L.Input(SHAPE), L.Flatten(), L.Dense(2)])
    file = observed(converted(model), tmp_path)
    file.look_at(image())
    with pytest.raises(NoActivationMap, match="no convolution"):
        ActivationMaps(file).of_class(0)


def test_the_distance_is_the_share_of_evidence_that_lies_elsewhere() -> None:
    def map_of(*rows: tuple[float, ...]) -> ActivationMap:
        return ActivationMap(np.array(rows, np.float32), "cam", 0)

    left, right = map_of((2.0, 0.0)), map_of((-1.0, 5.0))
    assert map_distance(left, left) == 0.0
    assert map_distance(left, right) == 1.0
    assert map_distance(left, map_of((9.0, 3.0))) == pytest.approx(0.25)
    assert map_distance(left, map_of((-1.0, 0.0))) is None
    assert map_distance(map_of((1.0,)), map_of((1.0, 1.0), (1.0, 1.0))) == 0.0
