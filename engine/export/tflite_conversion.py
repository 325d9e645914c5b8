"""Converts a Keras network with TFLiteConverter: float32 for all, and what the quantizer cannot."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

Scheme = Literal["float16", "dynamic_range", "int8", "int16x8"]


def float32_tflite(model: Any) -> bytes:
    """The network as a float32 `.tflite` for one image at a time, batch normalisation folded into the kernels."""
    return _convert(_converter(model))


def converter_tflite(
    model: Any, scheme: Scheme, calibration: np.ndarray | None, float_io: bool = True, float_fallback: bool = False
) -> bytes:
    """The network quantised by TFLiteConverter.

    Args:
        calibration: float32 (n, height, width, channels) as the network is fed; needed for int8 and int16x8, but for
            a network that was trained with fake quantisation, which has its ranges.
        float_io: keep float32 input and output (quantised inside); else int8, or int16 for int16x8.
        float_fallback: let operators that have no integer kernel compute in float.
    """
    converter = _converter(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif scheme in {"int8", "int16x8"}:
        if calibration is not None:
            converter.representative_dataset = lambda: ([image[None]] for image in calibration)
        wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        integer = tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if scheme == "int8" else wide
        fallback = [tf.lite.OpsSet.TFLITE_BUILTINS] if float_fallback else []
        converter.target_spec.supported_ops = [integer, *fallback]
        if not float_io:
            converter.inference_input_type = converter.inference_output_type = tf.int8 if scheme == "int8" else tf.int16
    return _convert(converter)


def _converter(model: Any) -> Any:
    """A converter of the network's frozen function for one image.

    Handed the Keras model, TensorFlow first saves all of its objects and traces them again, which takes ten times as
    long as the conversion; handed a function of constants, it has nothing to save.
    """
    image = tf.TensorSpec([1, *model.input_shape[1:]], tf.float32, name="image")
    traced = tf.function(lambda image: model(image, training=False)).get_concrete_function(image)
    frozen = convert_variables_to_constants_v2(traced)
    serve = tf.function(lambda image: {"probabilities": frozen(image)[0]}).get_concrete_function(image)
    return tf.lite.TFLiteConverter.from_concrete_functions([serve], tf.Module())


def _convert(converter: Any) -> bytes:
    return bytes(converter.convert())
