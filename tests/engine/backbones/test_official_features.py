"""With the weights of the same network of `tf_keras.applications`, a backbone gives the same features."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings

V3 = {"alpha": 0.75, "include_preprocessing": False}
OFFICIAL = [
    pytest.param("resnet101", "ResNet101", {}, marks=pytest.mark.slow),
    pytest.param("mobilenet_v1", "MobileNet", {"alpha": 0.25}, marks=pytest.mark.slow),
    pytest.param("mobilenet_v2", "MobileNetV2", {"alpha": 0.35}, marks=pytest.mark.slow),
    ("mobilenet_v3_small", "MobileNetV3Small", V3),
    ("densenet121", "DenseNet121", {}),
    pytest.param("mobilenet_v3_large", "MobileNetV3Large", V3, marks=pytest.mark.slow),
]
SIDES = (96, 65)
"""An even and an odd one: zeros are placed differently."""


@pytest.mark.parametrize(("key", "name", "settings"), OFFICIAL)
def test_layers_have_the_official_names_shapes_and_order_and_compute_the_same(
    key: str, name: str, settings: dict[str, Any]
) -> None:
    import tf_keras

    from engine.training.keras_network import build_keras_network

    official = getattr(tf_keras.applications, name)(
        weights=None, include_top=False, input_shape=(*SIDES, 3), **settings
    )
    generator = np.random.default_rng(0)
    official.set_weights(
        [
            generator.uniform(0.5, 1.5, weights.shape).astype(np.float32) if weights.ndim == 1 else weights
            for weights in official.get_weights()
        ]
    )
    graph = layer_graph(BackboneSettings(kind=key, width=settings.get("alpha", 1.0)), (*SIDES, 3), 2)
    ours = build_keras_network(graph, seed=7)
    theirs = [layer for layer in official.layers if layer.weights]
    base = [layer for layer in ours.layers if layer.weights and layer.name != "classifier"]
    assert [layer.name for layer in base] == [layer.name for layer in theirs]
    for layer, source in zip(base, theirs, strict=True):
        layer.set_weights(source.get_weights())
    features = tf_keras.Model(ours.input, ours.get_layer("gap").input)
    images = generator.random((2, *SIDES, 3), dtype=np.float32)
    expected = official(images, training=False).numpy()
    np.testing.assert_allclose(features(images).numpy(), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())
