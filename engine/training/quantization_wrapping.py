"""A network whose layers compute as int8 will: TensorFlow Model Optimization's fake quantisation around each layer.

Quantisation-aware training as in Jacob et al. 2018 (arXiv:1712.05877, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TypeAlias

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit.default_8bit_quantize_configs import (
    NoOpQuantizeConfig,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit.default_8bit_quantize_registry import (
    Default8BitQuantizeRegistry,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit.default_8bit_quantize_scheme import (
    Default8BitQuantizeScheme,
)
from tensorflow_model_optimization.python.core.quantization.keras.quantize_layer import QuantizeLayer
from tensorflow_model_optimization.python.core.quantization.keras.quantize_wrapper import (
    QuantizeWrapper,
    QuantizeWrapperV2,
)

from engine.contract.errors import NutshellError
from engine.graph.keras_objects import KerasLayer, KerasModel, LayerConfig, Variable
from engine.launch.garbage_collector import collector_at_rest
from engine.training.int8_forms import (
    INT8_FORMS,
    MIN_SCALE,
    QuantizedBatchNormalization,
    QuantizedHardSigmoid,
    QuantizedSigmoid,
    int8_form,
)
from engine.training.kernels import clone
from engine.training.own_layers import OWN_LAYERS

KNOWN_ACTIVATIONS = frozenset({"relu", "relu6", "swish", "gelu", "linear", "softmax", "sigmoid", "tanh"})
"""That the library quantises; it refuses the others."""

_Quantizer: TypeAlias = tfmot.quantization.keras.quantizers.Quantizer
_Chosen: TypeAlias = Mapping[str, tfmot.quantization.keras.QuantizeConfig | None]
"""What the library keeps of a layer that it wraps: "quantize_config", or nothing."""


class OutputQuantized(tfmot.quantization.keras.QuantizeConfig):
    """For layers without weights that the library does not know: their output becomes int8."""

    def get_weights_and_quantizers(self, layer: KerasLayer) -> list[_Quantizer]:
        return []

    def get_activations_and_quantizers(self, layer: KerasLayer) -> list[_Quantizer]:
        return []

    @tf.autograph.experimental.do_not_convert
    def set_quantize_weights(self, layer: KerasLayer, quantize_weights: Sequence[tf.Tensor]) -> None:
        """There are none."""

    @tf.autograph.experimental.do_not_convert
    def set_quantize_activations(self, layer: KerasLayer, quantize_activations: Sequence[tf.Tensor]) -> None:
        """There are none."""

    def get_output_quantizers(self, layer: KerasLayer) -> list[_Quantizer]:
        quantizer = tfmot.quantization.keras.quantizers.MovingAverageQuantizer
        return [quantizer(num_bits=8, per_axis=False, symmetric=False, narrow_range=False)]

    def get_config(self) -> LayerConfig:
        return {}


def quantisation_scope() -> AbstractContextManager[object]:
    """A context in which wrapped networks can be made and loaded."""
    own = {kind.__name__: kind for kind in (OutputQuantized, NoOpQuantizeConfig, *INT8_FORMS)}
    return tfmot.quantization.keras.quantize_scope(own | dict(OWN_LAYERS))


@tf.autograph.experimental.do_not_convert
def with_fake_quantisation(model: KerasModel) -> KerasModel:
    """A wrapped network of the same weights that shares nothing with `model`.

    Args:
        model: flat `tf_keras.Model` of plain layers.

    Raises:
        NutshellError: a layer has no int8 form.
    """
    # The library numbers the layer that it adds in the order of making; names are in the file, and must not differ.
    tf_keras.backend.reset_uids()
    plain = clone(model, int8_form)
    # What `quantize_apply` does with an annotated model, less four of its copies, which take seconds.
    chosen = {layer.name: {"quantize_config": own_config(layer)} for layer in plain.layers if not _is_input(layer)}
    inputs: dict[str, _Chosen] = {layer.name: {} for layer in plain.layers if _is_input(layer)}
    with quantisation_scope(), collector_at_rest():
        try:
            fused, chosen = Default8BitQuantizeScheme().get_layout_transformer().apply(plain, chosen | inputs)
            return tf_keras.models.clone_model(
                fused, clone_function=lambda layer: _wrapped(layer, chosen.get(layer.name, {}))
            )
        except (RuntimeError, ValueError) as error:
            raise NutshellError(
                f"This network cannot be trained for int8 ({str(error).partition('. ')[0]}); "
                "use post-training quantisation instead."
            ) from error


def input_range(wrapped: KerasModel) -> tuple[Variable, Variable] | None:
    """The least and the greatest value that the network's input has an integer for; None where it has no range."""
    layer = next((one for one in wrapped.layers if isinstance(one, QuantizeLayer)), None)
    if layer is None:
        return None
    least, greatest = (next(one for one in layer.weights if one.name.endswith(f"{end}:0")) for end in ("_min", "_max"))
    return least, greatest


def wrapped_kernels(wrapped: KerasModel) -> dict[str, Variable]:
    """Name of the layer before wrapping → its trainable kernel, in the network's order.

    The layer's own `kernel` is the fake-quantised tensor; the variable is the wrapper's.
    """
    found = {}
    for wrapper in wrapped.layers:
        if isinstance(wrapper, QuantizeWrapper):
            for weight in wrapper.trainable_weights:
                if weight.name.split("/")[-1].startswith(("kernel", "depthwise_kernel")):
                    found[wrapper.layer.name] = weight
    return found


def fill_empty_ranges(wrapped: KerasModel) -> None:
    """Give channels that are zero throughout a range of int8, which the converter needs.

    Such are channels that were pruned away whole, and those that batch normalisation multiplies by zero; their values
    stay zero, or all but zero.
    """
    for wrapper in wrapped.layers:
        if not isinstance(wrapper, QuantizeWrapper):
            continue
        ends = {weight.name.split("/")[-1]: weight for weight in wrapper.non_trainable_weights}
        for name, minimum in ends.items():
            if name.startswith(("kernel_min", "depthwise_kernel_min")):
                maximum = ends[name.replace("_min", "_max")]
                empty = (minimum.numpy() == 0) & (maximum.numpy() == 0)
                minimum.assign(np.where(empty, -MIN_SCALE, minimum.numpy()))
                maximum.assign(np.where(empty, MIN_SCALE, maximum.numpy()))
        if isinstance(wrapper.layer, tf_keras.layers.BatchNormalization) and wrapper.layer.scale:
            scale = wrapper.layer.gamma.numpy()
            wrapper.layer.gamma.assign(np.where(np.abs(scale) < MIN_SCALE, MIN_SCALE, scale))


def own_config(layer: KerasLayer) -> tfmot.quantization.keras.QuantizeConfig | None:
    """How a layer is quantised that the library does not know; None: as the library would."""
    if isinstance(layer, QuantizedHardSigmoid | QuantizedSigmoid):
        return NoOpQuantizeConfig()
    if isinstance(layer, tf_keras.layers.AveragePooling2D):  # Its operator has one scale for its input and its output.
        return NoOpQuantizeConfig()
    if isinstance(layer, QuantizedBatchNormalization):
        return OutputQuantized()
    if isinstance(layer, tf_keras.layers.PReLU):  # Its slopes are constants to the converter, which scales them itself.
        return OutputQuantized()
    if isinstance(layer, tf_keras.layers.Activation) and layer.get_config()["activation"] not in KNOWN_ACTIVATIONS:
        return OutputQuantized()
    known = Default8BitQuantizeRegistry().supports(layer)
    return None if known or layer.weights else OutputQuantized()


def _is_input(layer: KerasLayer) -> bool:
    return isinstance(layer, tf_keras.layers.InputLayer)


def _wrapped(layer: KerasLayer, chosen: _Chosen) -> KerasLayer:
    """The layer with fake quantisation around it; the one that the library put behind the input stays as it is.

    Args:
        chosen: its configuration as the library's transforms leave it.
    """
    if isinstance(layer, QuantizeLayer):
        return layer
    config = chosen.get("quantize_config") or Default8BitQuantizeRegistry().get_quantize_config(layer)
    return QuantizeWrapperV2(layer, config, name_prefix="quant_")
