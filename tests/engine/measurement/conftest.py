"""A small network with zeros in its kernels, converted in every way that the program converts."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SIDE = 16
EPSILON = 1e-3
"""Of batch normalisation, which is folded into the first kernel."""


@dataclass(frozen=True)
class SampleFiles:
    """Files of one network, and the truth about it, taken from Keras."""

    folder: Path
    kernels: tuple[np.ndarray, ...]
    """As they must be in a file: folded, and in its layout, output channel first (depthwise: last)."""
    images: np.ndarray
    """float32 (40, 16, 16, 3), 0 to 1."""
    probabilities: np.ndarray
    """float32 (40, 10)."""

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.tflite"

    @property
    def decisions(self) -> np.ndarray:
        return self.probabilities.argmax(axis=1)


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    """float32; converter_* by TFLiteConverter; quantizer_* by ai_edge_quantizer; large, sigmoid, transposed."""
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    folder = tmp_path_factory.mktemp("tflite")
    images = np.random.default_rng(1).random((40, SIDE, SIDE, 3), dtype=np.float32)
    model = _network()
    float32 = converted(model)
    contents = {"float32": float32}
    for scheme in ("float16", "dynamic_range", "int8", "int16x8"):
        contents[f"converter_{scheme}"] = converted(model, scheme, images)
    contents["converter_int8_io"] = converted(model, "int8", images, integer_io=True)
    with warnings.catch_warnings():
        # The quantizer keeps all tensors while it calibrates, and LiteRT advises against that.
        warnings.simplefilter("ignore")
        for scheme in ("float16", "dynamic_range", "int8", "int16x8", "int4"):
            contents[f"quantizer_{scheme}"] = rewritten(float32, scheme, images)
    contents["large"] = converted(_large_network())
    contents["sigmoid"] = converted(_sigmoid_network())
    contents["transposed"] = converted(_transposed_network())
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return SampleFiles(folder, _stored_kernels(model), images, model(images, training=False).numpy())


def converted(model: Any, scheme: str = "", images: np.ndarray | None = None, integer_io: bool = False) -> bytes:
    """The model by TFLiteConverter; without a scheme in float32."""
    import tensorflow as tf

    signature = [tf.TensorSpec([1, *model.input_shape[1:]], tf.float32, name="image")]
    # The quantizer needs a signature, and a signature names its outputs.
    serve = tf.function(lambda image: {"output": model(image, training=False)}, input_signature=signature)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([serve.get_concrete_function()], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT] if scheme else []
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif scheme in {"int8", "int16x8"}:
        wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if scheme == "int8" else wide]
        converter.representative_dataset = lambda: ([image[None]] for image in images)
        if integer_io:
            converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def rewritten(float32: bytes, scheme: str, images: np.ndarray) -> bytes:
    """The float32 file by ai_edge_quantizer."""
    from ai_edge_quantizer import qtyping, quantizer
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    everything, rules = qtyping.TFLOperationName.ALL_SUPPORTED, RecipeManager()
    if scheme == "dynamic_range":
        rules.add_dynamic_config(".*", everything, num_bits=8)
    elif scheme == "int4":
        rules.add_weight_only_config(".*", everything, num_bits=4)
    elif scheme == "float16":
        halves = qtyping.OpQuantizationConfig(
            weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
            compute_precision=qtyping.ComputePrecision.FLOAT,
            explicit_dequantize=True,
        )
        rules.add_quantization_config(".*", everything, halves, AlgorithmName.FLOAT_CASTING)
    else:
        rules.add_static_config(".*", everything, 8 if scheme == "int8" else 16, 8)
    tool = quantizer.Quantizer(bytearray(float32), rules.get_quantization_recipe())
    ranges = None
    if scheme in {"int8", "int16x8"}:
        signature, name = _signature(float32)
        ranges = tool.calibrate({signature: [{name: image[None]} for image in images]})
    result = tool.quantize(ranges).quantized_model
    assert result is not None
    return bytes(result)


def _signature(content: bytes) -> tuple[str, str]:
    """The first signature's key, and the name of its input."""
    from ai_edge_litert.interpreter import Interpreter

    key, tensors = next(iter(Interpreter(model_content=content).get_signature_list().items()))
    return key, tensors["inputs"][0]


def _network() -> Any:
    """Convolution (432 weights), depthwise (144), convolution (1,024), dense (40,960)."""
    import tf_keras

    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 3)),
            layers.Conv2D(16, 3, padding="same", use_bias=False, name="first"),
            layers.BatchNormalization(epsilon=EPSILON),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, strides=2, padding="same", name="depthwise"),
            layers.ReLU(),
            layers.Conv2D(64, 1, name="second"),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", name="classifier"),
        ]
    )
    generator = np.random.default_rng(0)
    for name, zeros in (("first", 0.25), ("second", 0.5), ("classifier", 0.75)):
        kernel = model.get_layer(name).kernel
        # Anywhere, not the smallest: some that stay are small enough to become zeros as integers.
        kernel.assign(np.where(generator.random(kernel.shape) < zeros, 0, kernel.numpy()))
    # Decisive: probabilities that differ from image to image show what is done to the images.
    classifier = model.get_layer("classifier").kernel
    classifier.assign(classifier * 300)
    return model


def _stored_kernels(model: Any) -> tuple[np.ndarray, ...]:
    first = model.get_layer("first").kernel.numpy() / np.sqrt(1 + EPSILON)
    depthwise = model.get_layer("depthwise").depthwise_kernel.numpy()
    second = model.get_layer("second").kernel.numpy()
    classifier = model.get_layer("classifier").kernel.numpy()
    return (first.transpose(3, 0, 1, 2), depthwise.transpose(3, 0, 1, 2), second.transpose(3, 0, 1, 2), classifier.T)


def _large_network() -> Any:
    """8 MB of weights, and hundreds of times the arithmetic."""
    import tf_keras

    layers = tf_keras.layers
    return tf_keras.Sequential(
        [
            layers.Input((SIDE, SIDE, 3)),
            layers.Conv2D(128, 3, padding="same", activation="relu"),
            layers.Conv2D(128, 3, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def _sigmoid_network() -> Any:
    import tf_keras

    layers = tf_keras.layers
    return tf_keras.Sequential([layers.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])


def _transposed_network() -> Any:
    import tf_keras

    layers = tf_keras.layers
    return tf_keras.Sequential([layers.Input((4, 4, 3)), layers.Conv2DTranspose(2, 3, strides=2, padding="same")])
