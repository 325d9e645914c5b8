"""Quantises a float32 `.tflite` with ai_edge_quantizer: rewrites the file in a second."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any, Literal

import numpy as np

from engine.measurement.interpreter import load_interpreter

Scheme = Literal["float16", "dynamic_range", "int8", "int16x8", "int4"]

ACTIVATION_BITS = {"int8": 8, "int16x8": 16}
CALIBRATION_THREADS = 2


def quantizer_available() -> bool:
    """Whether this platform has the quantizer."""
    try:
        import ai_edge_quantizer.quantizer  # noqa: F401
    except ImportError:
        return False
    return True


def quantized(float32: bytes, scheme: Scheme, calibration: np.ndarray | None = None, float_io: bool = True) -> bytes:
    """The float32 `.tflite` in another scheme.

    Weights become int8 with a scale a channel, symmetric about zero, so that zeros stay zeros; for float16 they are
    stored as float16; for int4 packed two a byte. Activations stay float (float16, dynamic_range, int4), or become
    int8 or int16 with ranges from the least and greatest value seen (int8, int16x8).

    Args:
        calibration: float32 (n, height, width, channels) as the network is fed; needed for int8 and int16x8.
        float_io: keep float32 input and output, quantised inside; else the activations' type.

    Raises:
        ValueError, RuntimeError: the quantizer does not know an operator of the network, or its file does not load.
    """
    from ai_edge_quantizer import quantizer

    rules = _rules(scheme, float_io)
    rewriter = quantizer.Quantizer(bytearray(float32), rules.get_quantization_recipe())
    with _quiet():
        ranges = None if calibration is None else _activation_ranges(float32, calibration, rules)
        result = rewriter.quantize(ranges, enable_progress_report=False).quantized_model
    if result is None:
        raise RuntimeError("the quantizer gave no file")
    content = bytes(result)
    load_interpreter(content).invoke()
    return content


def _rules(scheme: Scheme, float_io: bool) -> Any:
    """What is to become of which operators, as the quantizer's `RecipeManager`."""
    from ai_edge_quantizer import qtyping
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    everything = qtyping.TFLOperationName.ALL_SUPPORTED
    rules = RecipeManager()
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
        rules.add_static_config(".*", everything, ACTIVATION_BITS[scheme], 8)
        borders = (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT) if float_io else ()
        for border in borders:
            rules.add_quantization_config(".*", border, algorithm_key=AlgorithmName.NO_QUANTIZE)
    return rules


def _activation_ranges(float32: bytes, images: np.ndarray, rules: Any) -> Any:
    """The least and greatest value of every activation over all images.

    The quantizer's default is a moving average, which leans on the first image; the papers' is this.
    """
    from ai_edge_quantizer.calibrator import Calibrator
    from ai_edge_quantizer.utils.qsv_utils import min_max_update

    calibrator = Calibrator(float32, CALIBRATION_THREADS, qsv_update_func=min_max_update)
    calibrator.calibrate(_feed(float32, images), rules)
    return calibrator.get_model_qsvs()


def _feed(float32: bytes, images: np.ndarray) -> dict[str, list[dict[str, np.ndarray]]]:
    """The calibration images under the names of the file's signature."""
    signatures = load_interpreter(float32).get_signature_list()
    key = next(iter(signatures))
    name = signatures[key]["inputs"][0]
    return {key: [{name: image[None]} for image in images]}


@contextlib.contextmanager
def _quiet() -> Any:
    """The quantizer draws progress bars and warns of what it does on purpose; none of it is for the log."""
    nowhere = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        warnings.simplefilter("ignore")
        yield
