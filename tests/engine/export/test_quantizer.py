"""Files rewritten by the quantizer store and compute what their scheme says, and decide as TensorFlow's own do."""

from __future__ import annotations

import numpy as np
import pytest

from engine.export.layer_patterns import schemes_by_layer
from engine.export.tflite_conversion import converter_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.calibration import ActivationRange, activation_ranges
from engine.steps.post_training_quantization.converter_ranges import converter_ranges
from engine.steps.post_training_quantization.quantizer import QuantizerCannot, quantized, quantized_by_layer
from tests.engine.export.conftest import Trained, agreement, probabilities

TENSORFLOW_ALIKE = 0.99
NETWORKS = pytest.mark.parametrize("network", ["residual", "sequential"])


def small(network: Trained, scheme: str, float_io: bool = True) -> bytes:
    ranges = activation_ranges(network.float32, network.calibration) if scheme in {"int8", "int16x8"} else None
    return quantized(network.float32, scheme, ranges, float_io)  # type: ignore[arg-type]


@NETWORKS
@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8"])
def test_it_decides_as_the_converter_does(network: str, scheme: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(network)
    theirs = converter_tflite(trained.model, scheme, trained.calibration)  # type: ignore[arg-type]
    # By the ranges of a recipe's default: with others, how many images change their class is up to the processor.
    ranges = converter_ranges(trained.float32, activation_ranges(trained.float32, trained.calibration))
    ours = quantized(trained.float32, scheme, ranges if scheme in {"int8", "int16x8"} else None)  # type: ignore[arg-type]
    assert agreement(ours, theirs, trained.test_images) >= TENSORFLOW_ALIKE


@NETWORKS
@pytest.mark.parametrize(
    ("scheme", "dtype", "share_of_float"),
    [("float16", "float16", 0.6), ("dynamic_range", "int8", 0.4), ("int8", "int8", 0.4), ("int4", "int4", 0.3)],
)
def test_kernels_are_stored_small(
    network: str, scheme: str, dtype: str, share_of_float: float, request: pytest.FixtureRequest
) -> None:
    trained: Trained = request.getfixturevalue(network)
    for kernel in TfliteFile.parse(small(trained, scheme)).kernels:
        tiny = scheme == "dynamic_range" and kernel.size < 1024
        no_int4 = scheme == "int4" and kernel.operator == "DEPTHWISE_CONV_2D"
        assert kernel.dtype == ("float32" if tiny else "int8" if no_int4 else dtype), kernel.name
        if kernel.dtype in {"int8", "int4"}:
            assert kernel.zero_point == 0
            assert kernel.channel_axis is not None, "one scale per channel"
    weights = sum(kernel.values.nbytes for kernel in TfliteFile.parse(trained.float32).kernels)
    small_weights = sum(
        kernel.size * {"float32": 4, "float16": 2, "int8": 1, "int4": 0.5}[kernel.dtype]
        for kernel in TfliteFile.parse(small(trained, scheme)).kernels
    )
    assert small_weights <= share_of_float * weights


@pytest.mark.parametrize(("scheme", "dtype"), [("int8", "int8"), ("int16x8", "int16")])
@pytest.mark.parametrize("float_io", [True, False])
def test_integer_schemes_compute_in_integers(residual: Trained, scheme: str, dtype: str, float_io: bool) -> None:
    file = TfliteFile.parse(small(residual, scheme, float_io))
    assert file.float_operators == 0
    end = "float32" if float_io else dtype
    assert (file.input_dtype, file.output_dtype) == (end, end)


def test_zeros_stay_zeros(residual: Trained) -> None:
    for scheme in ("float16", "dynamic_range", "int8", "int16x8", "int4"):
        pruned = half_zero(residual.float32)
        before = TfliteFile.parse(pruned).zero_kernel_values
        assert before > 1000
        ranges = activation_ranges(pruned, residual.calibration[:10])
        after = TfliteFile.parse(quantized(pruned, scheme, ranges if scheme.startswith("int") else None))
        assert after.zero_kernel_values >= before, scheme


def test_ranges_decide_where_integers_clip(sequential: Trained) -> None:
    right = activation_ranges(sequential.float32, sequential.calibration)
    narrow = {
        name: found if found.min < 0 else ActivationRange(found.min, found.max / 20) for name, found in right.items()
    }
    float_like = agreement(quantized(sequential.float32, "int8", right), sequential.float32, sequential.test_images)
    clipped = agreement(quantized(sequential.float32, "int8", narrow), sequential.float32, sequential.test_images)
    assert float_like >= 0.97
    assert clipped < float_like - 0.1


def test_a_scheme_a_layer(residual: Trained) -> None:
    patterns = {"stem_*": "float16", "body[12]_*": "int4", "tip_*": "dynamic_range", "add*": "int8", "body3_*": "int8"}
    names = sorted((layer.name for layer in residual.model.layers), key=lambda name: name.endswith(("conv", "fier")))
    schemes = schemes_by_layer(names, patterns)  # type: ignore[arg-type]
    ranges = activation_ranges(residual.float32, residual.calibration)
    content = quantized_by_layer(residual.float32, schemes, ranges)
    stored = {kernel.name.split("/")[-2]: kernel.dtype for kernel in TfliteFile.parse(content).kernels}
    assert stored == {
        "stem_conv": "float16",
        "body1_conv": "int4",
        "body2_conv": "int4",
        "body3_conv": "int8",
        "depth_conv": "float32",
        "tip_conv": "int8",
        "classifier": "float32",
    }
    all_int4 = quantized(residual.float32, "int4")
    float_file, images = residual.float32, residual.test_images
    assert agreement(content, float_file, images) > agreement(all_int4, float_file, images)
    np.testing.assert_allclose(probabilities(content, residual.test_images[:8]).sum(axis=1), 1, atol=0.02)


def test_what_it_cannot_do_is_said(residual: Trained) -> None:
    with pytest.raises(QuantizerCannot, match=r"calibration"):
        quantized(residual.float32, "int8", ranges=None)


def half_zero(content: bytes) -> bytes:
    """The file with the smaller half of every float kernel set to zero."""
    changed = bytearray(content)
    for kernel in TfliteFile.parse(content).kernels:
        place = content.find(kernel.values.tobytes())
        assert place > 0
        values = kernel.values.copy()
        values[np.abs(values) < np.median(np.abs(values))] = 0
        changed[place : place + values.nbytes] = values.tobytes()
    return bytes(changed)
