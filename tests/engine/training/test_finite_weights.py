"""Weights that are no finite numbers are refused before a file is made of them, and when they are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tf_keras

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import DataError, NutshellError
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.steps.post_training_quantization.calibration import activation_ranges
from engine.training.finite_weights import layer_not_finite
from engine.training.keras_network import build_keras_network
from engine.weights.weights_file import load_weights

BAD = pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])


def network(value: float) -> tf_keras.Model:
    image = tf_keras.Input((8, 8, 1))
    inner = tf_keras.layers.Conv2D(4, 3, name="first")(image)
    flat = tf_keras.layers.Flatten()(tf_keras.layers.Conv2D(4, 3, name="second")(inner))
    model = tf_keras.Model(image, tf_keras.layers.Dense(2, activation="softmax", name="last")(flat))
    kernel, bias = model.get_layer("second").get_weights()
    kernel[0, 0, 0, 0] = value
    model.get_layer("second").set_weights([kernel, bias])
    return model


@BAD
def test_no_file_is_made_of_them(value: float) -> None:
    model = network(value)
    assert layer_not_finite(model) == "second"
    for convert in (float32_tflite, lambda model: converter_tflite(model, "float16", None)):
        with pytest.raises(NutshellError, match='The layer "second" holds weights that are not finite'):
            convert(model)
    assert layer_not_finite(network(1.0)) is None


@BAD
def test_a_file_that_holds_them_is_refused(tmp_path: Path, value: float) -> None:
    graph = layer_graph(BackboneSettings(kind="resnet8"), (32, 32, 3), 3)
    model = build_keras_network(graph, seed=7)
    layer = next(layer for layer in model.layers if layer.get_weights())
    layer.set_weights([np.full_like(weights, value) for weights in layer.get_weights()])
    model.save_weights(tmp_path / "w.h5")
    with pytest.raises(DataError, match=f'the layer "{layer.name}" of .*w.h5 holds weights that are not finite'):
        load_weights(build_keras_network(graph, seed=7), graph, tmp_path / "w.h5")


@pytest.mark.parametrize("value", [1e25, 3e38])
def test_values_beyond_integers_are_refused_before_quantisation(value: float) -> None:
    float32 = float32_tflite(network(value))
    with pytest.raises(NutshellError, match="more than integers can represent"):
        activation_ranges(float32, [np.ones((8, 8, 1), np.float32)])
