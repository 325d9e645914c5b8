"""Converted files compute what Keras computes, hold only what the network needs, and are the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.errors import NutshellError
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.measurement.interpreter import load_interpreter
from engine.measurement.tflite_file import TfliteFile
from tests.engine.export.conftest import SIDE, Trained, agreement, probabilities


def test_it_computes_what_keras_computes(residual: Trained) -> None:
    expected = np.asarray(residual.model(residual.test_images[:64]))
    np.testing.assert_allclose(probabilities(residual.float32, residual.test_images[:64]), expected, atol=1e-5)


def test_normalisation_is_folded_and_one_image_goes_in(residual: Trained) -> None:
    file = TfliteFile.parse(residual.float32)
    names = sorted(operator.name for operator in file.operators)
    assert names == sorted(
        ["CONV_2D"] * 5 + ["DEPTHWISE_CONV_2D", "MAX_POOL_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX"] + ["ADD"] * 3
    )
    assert file.input_shape == (1, SIDE, SIDE, 1)
    signature = load_interpreter(residual.float32).get_signature_list()["serving_default"]
    assert signature == {"inputs": ["image"], "outputs": ["probabilities"]}


def test_the_same_network_gives_the_same_bytes(residual: Trained) -> None:
    assert float32_tflite(residual.model) == residual.float32


@pytest.mark.parametrize(("scheme", "dtype"), [("int8", "int8"), ("int16x8", "int16")])
def test_the_converter_makes_integer_files(residual: Trained, scheme: str, dtype: str) -> None:
    content = converter_tflite(residual.model, scheme, residual.calibration, float_io=False)  # type: ignore[arg-type]
    file = TfliteFile.parse(content)
    assert (file.input_dtype, file.output_dtype, file.float_operators) == (dtype, dtype, 0)
    assert agreement(content, residual.float32, residual.test_images) >= 0.97


def test_an_operator_that_cannot_be_converted_is_named() -> None:
    import tensorflow as tf
    import tf_keras

    image = tf_keras.Input((8, 8, 1))
    odd = tf_keras.layers.Lambda(lambda x: tf.math.betainc(x, x, x))(image)
    model = tf_keras.Model(image, tf_keras.layers.Dense(2, activation="softmax")(tf_keras.layers.Flatten()(odd)))
    with pytest.raises(NutshellError, match=r"cannot convert this network to float32 \(.*Betainc.*\); choose"):
        float32_tflite(model)
