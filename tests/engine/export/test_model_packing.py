"""Weights lie inside the flatbuffer, where every runtime finds them: TensorFlow Lite Micro answers as LiteRT does."""

from __future__ import annotations

import numpy as np
import pytest
import tf_keras
from ai_edge_litert import schema_py_generated as schema
from ai_edge_quantizer import quantizer, recipe

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.image_settings import ImageSettings
from engine.export.feeding_description import described
from engine.export.model_packing import has_weights_behind, with_weights_inline
from engine.export.tflite_conversion import float32_tflite
from engine.feeding.pipeline import ImagePipeline
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.calibration import activation_ranges
from engine.steps.post_training_quantization.quantizer import Scheme, quantized
from tests.engine.export.conftest import probabilities
from tests.engine.export.micro import micro_probabilities, reference_probabilities

SIDE, CLASSES = 32, 3
NORMALISING_PASSES = 40
INT8_STEP = 1 / 256
"""Of a probability in an int8 output."""


@pytest.fixture(scope="module")
def wide() -> bytes:
    """A float32 file with 1.2 MiB of weights."""
    image = tf_keras.Input((SIDE, SIDE, 1))
    wide = tf_keras.layers.Dense(300, activation="relu")(tf_keras.layers.Flatten()(image))
    return float32_tflite(tf_keras.Model(image, tf_keras.layers.Dense(CLASSES, activation="softmax")(wide)))


def images_for(channels: int, count: int) -> np.ndarray:
    return np.random.default_rng(7).random((count, SIDE, SIDE, channels), dtype=np.float32)


def test_what_the_quantizer_lays_behind_comes_inside(wide: bytes) -> None:
    raw = bytes(quantizer.Quantizer(bytearray(wide), recipe.dynamic_wi8_afp32()).quantize().quantized_model)
    assert has_weights_behind(raw), "else this shows nothing"
    inline = with_weights_inline(raw)
    assert not has_weights_behind(inline)
    assert with_weights_inline(inline) == inline
    model = schema.Model.GetRootAs(inline, 0)
    whole = np.frombuffer(inline, np.uint8)
    filled = [model.Buffers(number).DataAsNumpy() for number in range(model.BuffersLength())]
    starts = [data.ctypes.data - whole.ctypes.data for data in filled if isinstance(data, np.ndarray) and len(data)]
    assert any(len(data) > 2**18 for data in filled if isinstance(data, np.ndarray))
    assert [start % 16 for start in starts if start] == [0] * len(starts)
    for before, after in zip(TfliteFile.parse(raw).kernels, TfliteFile.parse(inline).kernels, strict=True):
        assert np.array_equal(before.values, after.values)
    images = images_for(1, 4)
    assert np.array_equal(probabilities(raw, images), probabilities(inline, images))
    assert len(inline) <= len(raw) + 4096


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8", "int4"])
@pytest.mark.parametrize("float_io", [True, False])
def test_no_scheme_leaves_weights_behind(wide: bytes, scheme: Scheme, float_io: bool) -> None:
    ranges = activation_ranges(wide, list(images_for(1, 8)))
    content = quantized(wide, scheme, ranges if scheme in {"int8", "int16x8"} else None, float_io)
    assert not has_weights_behind(content)
    pipeline = ImagePipeline(ImageSettings(size=SIDE, color="grayscale"))
    shipped, _ = described(content, pipeline, ("a", "b", "c"))
    assert not has_weights_behind(shipped)
    assert described(content, pipeline, ("a", "b", "c"))[0] == shipped


def small_backbone(kind: str) -> bytes:
    from engine.training.keras_network import build_keras_network
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    settings = BackboneSettings.model_validate({"kind": kind, "width": 0.25})
    network = build_keras_network(layer_graph(settings, (SIDE, SIDE, 3), CLASSES), seed=7)
    for _ in range(NORMALISING_PASSES):  # Else the values of random weights vanish from layer to layer.
        network(images_for(3, 32), training=True)
    return float32_tflite(network)


IN_THE_DEFAULT_RUN = {"resnet8", "mobilenet_v1"}


@pytest.mark.parametrize(
    "kind",
    [kind if kind in IN_THE_DEFAULT_RUN else pytest.param(kind, marks=pytest.mark.slow) for kind in BACKBONES],
)
def test_micro_answers_as_litert_does(kind: str) -> None:
    """By LiteRT's reference kernels, the same arithmetic, to one step.

    Its default ones round sums in a way of the processor's, which an untrained network enlarges: printed alone here,
    and measured on a trained one by `python -m tests.micro_agreement`.
    """
    float32 = small_backbone(kind)
    images = images_for(3, 8)
    ranges = activation_ranges(float32, list(images))
    files: dict[str, tuple[bytes, float]] = {
        "float32": (float32, 1e-5),
        "int8": (quantized(float32, "int8", ranges), INT8_STEP),
    }
    for scheme, (content, step) in files.items():
        there = micro_probabilities(content, images)
        reference, default = reference_probabilities(content, images), probabilities(content, images)
        apart, apart_by_default = (float(np.abs(one - there).max()) for one in (reference, default))
        print(f"{kind} {scheme}: {apart:.6f} of a probability from the reference, {apart_by_default:.6f} by default")
        assert apart <= step, f"{kind} {scheme}"


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int4"])
def test_schemes_of_mixed_types_do_not_load_in_micro(wide: bytes, scheme: Scheme) -> None:
    with pytest.raises(RuntimeError):
        micro_probabilities(quantized(wide, scheme), images_for(1, 1))
