"""EfficientNet-B0 takes Keras' weights files, and the scaling of pixels that Keras' network begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import ARCHITECTURES, layer_graph
from engine.backbones.efficientnet_b0 import PUBLISHED_MEAN, PUBLISHED_VARIANCE
from engine.chain.preflight import preflight
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.findings import Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.weights.weights_file import load_weights

SIDES = (64, 69)
"""An even and an odd one: zeros are placed differently."""
WIDTH = 0.25


@pytest.fixture(scope="module")
def official() -> Any:
    """Keras' network with random weights, those of normalisation too. Its unnamed layers have a number."""
    import tf_keras
    from tf_keras.src.applications.efficientnet import EfficientNet

    tf_keras.layers.Normalization()
    network = EfficientNet(WIDTH, 1.0, 64, weights=None, include_top=False, input_shape=(*SIDES, 3))
    generator = np.random.default_rng(0)
    network.set_weights(
        [
            generator.uniform(0.5, 1.5, array.shape).astype(np.float32) if array.ndim == 1 else array
            for array in network.get_weights()
        ]
    )
    return network


def normalise(network: Any, mean: tuple[float, ...], variance: tuple[float, ...]) -> None:
    (layer,) = (layer for layer in network.layers if layer.name.startswith("normalization"))
    assert layer.name != "normalization"
    _, _, count = layer.get_weights()
    layer.set_weights([np.asarray(mean), np.asarray(variance), count])


def settings(path: Path) -> BackboneSettings:
    return BackboneSettings(kind="efficientnet_b0", width=WIDTH, weights=str(path))


@pytest.mark.parametrize(
    "layout", ["names.h5", "numbers.weights.h5", pytest.param("archive.keras", marks=pytest.mark.slow)]
)
def test_a_weights_file_gives_the_official_features(tmp_path: Path, official: Any, layout: str) -> None:
    import tf_keras

    from engine.training.keras_network import build_keras_network

    normalise(official, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    path = tmp_path / layout
    (official.save if layout == "archive.keras" else official.save_weights)(str(path))
    graph = layer_graph(settings(path), (*SIDES, 3), 2)
    ours = build_keras_network(graph, seed=7)
    match = load_weights(ours, graph, path)
    assert not match.is_partial
    assert match.unused == ()
    assert ARCHITECTURES["efficientnet_b0"].expected_scale(settings(path)) == "unit"
    pixels = np.random.default_rng(1).integers(0, 256, (2, *SIDES, 3)).astype(np.float32)
    features = tf_keras.Model(ours.input, ours.get_layer("gap").input)(pixels / 255).numpy()
    expected = official(pixels, training=False).numpy()
    np.testing.assert_allclose(features, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_the_scale_that_a_file_wants_is_that_of_its_own_normalisation(tmp_path: Path, official: Any) -> None:
    published, own = tmp_path / "renamed.h5", tmp_path / "own.h5"
    normalise(official, PUBLISHED_MEAN, PUBLISHED_VARIANCE)
    official.save_weights(str(published))
    assert ARCHITECTURES["efficientnet_b0"].expected_scale(settings(published)) == "imagenet_rgb"
    normalise(official, (0.1, 0.2, 0.3), (1.0, 1.0, 1.0))
    official.save_weights(str(own))
    recipe = Recipe(images=ImageSettings(size=list(SIDES)), backbone=settings(own))
    (finding,) = [one for one in preflight(recipe) if one.where == "images.scale"]
    assert finding.severity is Severity.WARNING
    assert "a mean of 0.1, 0.2, 0.3 of its own" in finding.message
