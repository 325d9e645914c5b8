"""Converts a Keras network with TFLiteConverter: float32 always, and schemes that the quantizer cannot make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from engine.contract.errors import NutshellError
from engine.graph.keras_objects import KerasModel
from engine.training.finite_weights import refuse_not_finite

Scheme = Literal["float16", "dynamic_range", "int8", "int16x8"]


def float32_tflite(model: KerasModel) -> bytes:
    """The network as a float32 `.tflite` for one image at a time, batch normalisation folded into the kernels.

    The same network gives the same bytes. Input and output are called "image" and "probabilities".

    Raises:
        NutshellError: TensorFlow Lite has no operator for something in the network.
    """
    return _convert(_converter(model), "float32")


def converter_tflite(
    model: KerasModel,
    scheme: Scheme,
    calibration: Sequence[np.ndarray] | None,
    float_io: bool = True,
    float_fallback: bool = False,
) -> bytes:
    """The network quantised by TFLiteConverter.

    Args:
        calibration: float32 (height, width, channels) each as the network is fed; needed for int8 and int16x8, but
            for a network that was trained with fake quantisation, which has its ranges.
        float_io: keep float32 input and output (quantised inside); else int8, or int16 for int16x8.
        float_fallback: let operators that have no integer kernel compute in float.

    Raises:
        NutshellError: TensorFlow Lite has no operator, or no integer one, for something in the network.
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
    return _convert(converter, scheme)


def _converter(model: KerasModel) -> tf.lite.TFLiteConverter:
    """A converter of the network's frozen function for one image.

    Handed the Keras model, TensorFlow first saves all of its objects and traces them again, which takes ten times as
    long as the conversion; handed a function of constants, it has nothing to save.
    """
    refuse_not_finite(model, "No .tflite file is made of them; train again with a lower learning rate.")
    image = tf.TensorSpec([1, *model.input_shape[1:]], tf.float32, name="image")
    traced = tf.function(lambda image: model(image, training=False), autograph=False).get_concrete_function(image)
    frozen = convert_variables_to_constants_v2(traced)
    named = tf.function(lambda image: {"probabilities": frozen(image)[0]}, autograph=False)
    serve = named.get_concrete_function(image)
    return tf.lite.TFLiteConverter.from_concrete_functions([serve], tf.Module())


def _convert(converter: tf.lite.TFLiteConverter, scheme: str) -> bytes:
    try:
        return bytes(converter.convert())
    except (ConverterError, RuntimeError, ValueError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise NutshellError(
            f"TensorFlow cannot convert this network to {scheme} ({reason.strip()}); choose another scheme, or "
            "float_fallback = true where an operator has no integer form."
        ) from error
