"""How long the sensitivity of all layers takes, and how much longer by a real file per layer and scheme."""

from __future__ import annotations

import time

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.sensitivity import USUAL_IMAGES
from engine.inspection.layer_sensitivity import measure_layers
from engine.measurement.classification import classify
from engine.steps.post_training_quantization.layer_changes import QuantisedScheme, layer_in
from engine.steps.post_training_quantization.quantizer import quantized_by_layer
from engine.steps.post_training_quantization.used_ranges import used_ranges

pytestmark = pytest.mark.benchmark

SIDE, CLASSES = 64, 10
BOUND_S = 90.0
SCHEMES: tuple[QuantisedScheme, ...] = ("int8", "int4")


def test_all_layers_of_resnet18() -> None:
    from engine.export.tflite_conversion import float32_tflite
    from engine.training.keras_network import build_keras_network
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    graph = layer_graph(BackboneSettings(kind="resnet18", width=0.25), (SIDE, SIDE, 3), CLASSES)
    float32 = float32_tflite(build_keras_network(graph, seed=7))
    images = np.random.default_rng(1).random((USUAL_IMAGES, SIDE, SIDE, 3), dtype=np.float32)
    began = time.monotonic()
    ranges = used_ranges(float32, images[:200])
    changes = {scheme: layer_in(scheme, ranges) for scheme in SCHEMES}
    found = measure_layers(float32, changes, {}, images, np.arange(USUAL_IMAGES) % CLASSES)
    shared = time.monotonic() - began
    began = time.monotonic()
    for layer in found.layers:
        for scheme in SCHEMES:
            content = quantized_by_layer(float32, {layer.layer: scheme, "output": "float32"}, ranges)
            classify(content, [images])
    brute = time.monotonic() - began
    print(f"\n{len(found.layers)} layers, int8 and int4, {USUAL_IMAGES} images of {SIDE}×{SIDE}: {shared:.1f} s")
    print(f"by a file for each: {brute:.1f} s, {brute / shared:.2f} times as long")
    assert not found.notes
    assert len(found.layers) == 21
    assert shared < BOUND_S
