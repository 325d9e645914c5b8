"""Quantises a float32 `.tflite` with ai_edge_quantizer, which rewrites the file in well under a second."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.contract.errors import NutshellError
from engine.export.layer_patterns import OUTPUT_OPERATOR, LayerScheme, operators_of
from engine.export.model_packing import with_weights_inline
from engine.measurement.interpreter import load_interpreter
from engine.measurement.runnable_scales import UnrunnableScale
from engine.steps.post_training_quantization.bias_rounding import with_biases_rounded_as_tensorflow
from engine.steps.post_training_quantization.calibration import ActivationRange

if TYPE_CHECKING:
    from ai_edge_quantizer.recipe_manager import RecipeManager

Scheme = Literal["float16", "dynamic_range", "int8", "int16x8", "int4"]

ACTIVATION_BITS = {"int8": 8, "int16x8": 16}
DYNAMIC_RANGE_MIN_VALUES = 1024
"""Smaller kernels stay float under dynamic range, as TFLiteConverter leaves them: they save next to nothing, and are
mostly the first convolution, which costs the most accuracy."""


class QuantizerCannot(Exception):
    """The quantizer has no build for this platform, does not know the network, or made a file that does not run."""


def require_quantizer() -> None:
    """Raises: QuantizerCannot, where the quantizer cannot be loaded; to be known before ranges are taken."""
    try:
        import ai_edge_quantizer.quantizer  # noqa: F401
    except (ImportError, OSError) as error:
        raise QuantizerCannot(f"it cannot be loaded: {error}") from error


def quantized(
    float32: bytes,
    scheme: Scheme,
    ranges: Mapping[str, ActivationRange] | None = None,
    float_io: bool = True,
) -> bytes:
    """The float32 `.tflite` in another scheme.

    Weights become int8 with one scale per channel, symmetric about zero, so that zeros stay zeros; for float16 they are
    stored as float16; for int4 packed two per byte (depthwise ones int8), and widened to floats when the file is
    loaded. Activations stay
    float (float16, dynamic_range, int4), or become int8 or int16 over their `ranges` (int8, int16x8). An operator
    without such a kernel computes in floats, and so do kernels of fewer than 1024 values under dynamic_range.

    Args:
        ranges: of every activation, by `activation_ranges`; needed for int8 and int16x8.
        float_io: keep float32 input and output, quantised inside; else the activations' type.

    Raises:
        QuantizerCannot: another way must be taken.
        UnrunnableScale: the network diverged, so that no way gives a file that is worth having.
    """

    def add_rules(rules: RecipeManager) -> None:
        _add_rule(rules, ".*", scheme, DYNAMIC_RANGE_MIN_VALUES if scheme == "dynamic_range" else 0)
        if scheme in ACTIVATION_BITS and float_io:
            _leave_ends_float(rules)

    return _rewritten(float32, add_rules, ranges)


def quantized_by_layer(
    float32: bytes, layers: Mapping[str, LayerScheme], ranges: Mapping[str, ActivationRange] | None = None
) -> bytes:
    """The float32 `.tflite` with one scheme per layer; input and output stay float32.

    Args:
        layers: layer name → scheme; the network's last layer last of all. Where one operator is several layers fused,
            such as a convolution and its activation, the last of them decides.
        ranges: of every activation; needed where a layer becomes int8.

    Raises:
        QuantizerCannot: another way must be taken.
        UnrunnableScale: the network diverged, so that no way gives a file that is worth having.
    """

    def add_rules(rules: RecipeManager) -> None:
        for layer, scheme in layers.items():
            _add_rule(rules, operators_of(layer), scheme)
        *_, last = layers.values()
        _add_rule(rules, OUTPUT_OPERATOR, last)
        _leave_ends_float(rules)

    return _rewritten(float32, add_rules, ranges)


def _rewritten(
    float32: bytes, add_rules: Callable[[RecipeManager], None], ranges: Mapping[str, ActivationRange] | None
) -> bytes:
    require_quantizer()
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer.recipe_manager import RecipeManager

    try:
        with _quiet():
            rules = RecipeManager()
            add_rules(rules)
            rewriter = quantizer.Quantizer(bytearray(float32), rules.get_quantization_recipe())
            result = rewriter.quantize(_statistics(float32, ranges), enable_progress_report=False).quantized_model
        content = with_weights_inline(bytes(result or b""))
        if ranges is not None:
            content = with_biases_rounded_as_tensorflow(content, float32)
        # A file can be well-formed and still have a mix of types that no kernel takes.
        load_interpreter(content).invoke()
    except UnrunnableScale:
        raise
    except (ValueError, RuntimeError, NotImplementedError, LookupError, TypeError, NutshellError) as error:
        raise QuantizerCannot(str(error).strip().partition("\n")[0] or type(error).__name__) from error
    return content


def _add_rule(rules: RecipeManager, pattern: str, scheme: Scheme | LayerScheme, min_values: int = 0) -> None:
    """Set the scheme of the operators whose name contains the regular expression `pattern`.

    Kernels of fewer than `min_values` values are left as they are.
    """
    from ai_edge_quantizer import qtyping
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TensorDataType

    def weights(bits: int, dtype: TensorDataType = TensorDataType.INT) -> qtyping.TensorQuantizationConfig:
        return qtyping.TensorQuantizationConfig(bits, granularity=qtyping.QuantGranularity.CHANNELWISE, dtype=dtype)

    algorithm = AlgorithmName.MIN_MAX_UNIFORM_QUANT
    if scheme == "float32":
        algorithm, config = AlgorithmName.NO_QUANTIZE, None
    elif scheme == "float16":
        algorithm = AlgorithmName.FLOAT_CASTING
        halves = weights(16, TensorDataType.FLOAT)
        config = qtyping.OpQuantizationConfig(weight_tensor_config=halves, explicit_dequantize=True)
    elif scheme == "int4":
        config = qtyping.OpQuantizationConfig(weight_tensor_config=weights(4), explicit_dequantize=True)
    else:
        bits = ACTIVATION_BITS.get(scheme)
        # Kernels for 16-bit activations know no zero point.
        activations = qtyping.TensorQuantizationConfig(bits, symmetric=bits == 16) if bits else None
        config = qtyping.OpQuantizationConfig(
            activation_tensor_config=activations,
            weight_tensor_config=weights(8),
            compute_precision=qtyping.ComputePrecision.INTEGER,
            min_weight_elements=min_values,
        )
    rules.add_quantization_config(pattern, qtyping.TFLOperationName.ALL_SUPPORTED, config, algorithm)
    if scheme == "int4":
        # There is no depthwise convolution of four bits.
        bytes_instead = qtyping.OpQuantizationConfig(weight_tensor_config=weights(8), explicit_dequantize=True)
        rules.add_quantization_config(pattern, qtyping.TFLOperationName.DEPTHWISE_CONV_2D, bytes_instead, algorithm)


def _leave_ends_float(rules: RecipeManager) -> None:
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    for end in (TFLOperationName.INPUT, TFLOperationName.OUTPUT):
        rules.add_quantization_config(".*", end, algorithm_key=AlgorithmName.NO_QUANTIZE)


def _statistics(
    float32: bytes, ranges: Mapping[str, ActivationRange] | None
) -> dict[str, dict[str, np.ndarray]] | None:
    """The ranges in the quantizer's own form."""
    if ranges is None:
        return None
    return {
        name: {"min": np.array([[found.min]], np.float32), "max": np.array([[found.max]], np.float32)}
        for name, found in ranges.items()
    }


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The quantizer draws progress bars and warns of what it does on purpose; none of it is for the log."""
    nowhere = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        yield
