"""Weights of `tf_keras.applications`, in every layout that Keras writes, load, and compute the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.chain.preflight import errors, preflight
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import DataError
from engine.contract.findings import Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.repairs import repaired
from engine.graph.layer_graph import LayerGraph
from engine.weights.keras_order import in_keras_order
from engine.weights.weights_file import load_weights

pytestmark = pytest.mark.usefixtures("small_context")

SIDE = 96
LAYOUTS: dict[str, Callable[[Any, str], None]] = {
    "names.h5": lambda model, path: model.save_weights(path),
    "whole.h5": lambda model, path: model.save(path),
    "numbers.weights.h5": lambda model, path: model.save_weights(path),
    "archive.keras": lambda model, path: model.save(path),
    "saved_model": lambda model, path: model.save(path),
}
OFFICIAL = [
    pytest.param("vgg16", "VGG16", 1.0, marks=pytest.mark.slow),
    pytest.param("resnet50", "ResNet50", 1.0, marks=pytest.mark.slow),
    ("mobilenet_v1", "MobileNet", 0.25),
    pytest.param("mobilenet_v2", "MobileNetV2", 1.0, marks=pytest.mark.slow),
    pytest.param("mobilenet_v3_small", "MobileNetV3Small", 1.0, marks=pytest.mark.slow),
    pytest.param("mobilenet_v3_large", "MobileNetV3Large", 1.0, marks=pytest.mark.slow),
]

ORDERED = {"resnet18", "mobilenet_v3_small", "googlenet"}
"""Backbones whose order of layers every run looks at: shortcuts, squeezing, and branches of several lengths."""


def official(name: str, width: float = 1.0, top: bool = False, library: Any = None) -> Any:
    """The network of `tf_keras.applications` with random weights, those of normalisation too."""
    import tf_keras

    settings: dict[str, Any] = {} if width == 1.0 else {"alpha": width}
    if name.startswith("MobileNetV3"):
        settings["include_preprocessing"] = False
    make = getattr((library or tf_keras).applications, name)
    model = make(weights=None, include_top=top, input_shape=(SIDE, SIDE, 3), **settings)
    generator = np.random.default_rng(0)
    model.set_weights(
        [
            generator.uniform(0.5, 1.5, array.shape).astype(np.float32) if array.ndim == 1 else array
            for array in model.get_weights()
        ]
    )
    return model


def ours(key: str, width: float = 1.0) -> tuple[Any, LayerGraph]:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=key, width=width), (SIDE, SIDE, 3), 2)
    return build_keras_network(graph, seed=7), graph


def same_features(model: Any, theirs: Any) -> bool:
    import tf_keras

    images = np.random.default_rng(1).random((2, SIDE, SIDE, 3), dtype=np.float32)
    features = tf_keras.Model(model.input, model.get_layer("gap").input)(images).numpy()
    expected = np.asarray(theirs(images, training=False))
    return np.allclose(features, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(("key", "name", "width"), OFFICIAL)
def test_every_layout_gives_the_official_features(tmp_path: Path, key: str, name: str, width: float) -> None:
    theirs = official(name, width)
    for layout, save in LAYOUTS.items():
        path = tmp_path / layout
        save(theirs, str(path))
        model, graph = ours(key, width)
        match = load_weights(model, graph, path)
        assert not match.is_partial, (layout, match.sentence())
        assert not match.head_taken
        assert same_features(model, theirs), layout


@pytest.mark.slow
def test_files_of_keras_3_load_too(tmp_path: Path) -> None:
    """Written by another process: the two versions of Keras do not live in one."""
    import subprocess
    import sys

    program = (
        "import keras, sys; m = keras.applications.MobileNet(weights=None, include_top=False, alpha=0.25,"
        f"input_shape=({SIDE}, {SIDE}, 3)); m.save(sys.argv[1] + '/k3.keras'); m.save_weights(sys.argv[1] + "
        "'/k3.weights.h5'); m.save(sys.argv[1] + '/k3.h5')"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True)
    loaded = []
    for layout in ("k3.keras", "k3.weights.h5", "k3.h5"):
        model, graph = ours("mobilenet_v1", 0.25)
        assert not load_weights(model, graph, tmp_path / layout).is_partial
        loaded.append(model.get_weights())
    for other in loaded[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(loaded[0][:-2], other[:-2], strict=True))


@pytest.mark.parametrize(
    "key", [key if key in ORDERED else pytest.param(key, marks=pytest.mark.slow) for key in BACKBONES]
)
def test_the_graph_knows_the_order_that_keras_gives_its_layers(key: str) -> None:
    model, graph = ours(key, 0.25)
    assert [layer.name for layer in in_keras_order(graph)] == [layer.name for layer in model.layers]


def recipe(path: Path, kind: str = "mobilenet_v1", width: float = 0.25) -> Recipe:
    return Recipe(images=ImageSettings(size=SIDE), backbone=BackboneSettings(kind=kind, width=width, weights=str(path)))


def test_another_architecture_is_one_sentence_before_anything_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "mobilenet.h5"
    official("MobileNet", 0.25).save_weights(str(path))
    for kind in ("vgg16", "resnet50", "mobilenet_v2", "mobilenet_v3_small"):
        (fault,) = errors(preflight(recipe(path, kind)))
        assert fault.where == "backbone.weights"
        assert fault.message == f"mobilenet.h5 is not of {kind}: it has the layers of mobilenet_v1."


def test_another_width_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "mobilenet.h5"
    official("MobileNet", 0.25).save_weights(str(path))
    (fault,) = errors(preflight(recipe(path, width=0.5)))
    assert "has the layers of mobilenet_v1 at the width 0.25; the recipe's width is 0.5" in fault.message
    assert "weights cannot be scaled" in fault.message
    assert fault.repair is not None
    assert not errors(preflight(repaired(recipe(path, width=0.5), fault.repair)))


def test_layers_between_those_of_the_network_are_those_of_another() -> None:
    """VGG-19 has every layer of VGG-16, and three more."""
    from engine.weights.matching import match_weights, weight_shapes
    from engine.weights.stored_layer import StoredLayer
    from engine.weights.stored_weights import StoredWeights

    _, graph = ours("vgg16", 0.05)
    channels = {layer.name: layer.shape[-1] for layer in graph.layers}
    layers = []
    for layer in graph.layers:
        if layer.parameters and not layer.in_head:
            shapes = weight_shapes(layer, channels[layer.inputs[0]])
            layers.append(StoredLayer(layer.name, "", ("", ""), shapes))
            if layer.name == "block3_conv3":
                layers.append(StoredLayer("block3_conv4", "", ("", ""), shapes))
    with pytest.raises(DataError, match="it has block3_conv4 besides"):
        match_weights(graph, StoredWeights(Path("vgg19.h5"), tuple(layers)))


def test_the_top_of_a_file_is_not_used_and_its_first_layer_may_differ(tmp_path: Path) -> None:
    """Grey images have one channel: all but the first convolution fits."""
    path = tmp_path / "top.h5"
    official("MobileNet", 0.25, top=True).save_weights(str(path))
    grey = recipe(path).model_copy(update={"images": ImageSettings(size=SIDE, color="grayscale")})
    finding = next(one for one in preflight(grey) if one.where == "backbone.weights")
    assert finding.severity is Severity.WARNING
    assert "another shape in the file: conv1" in finding.message
    assert "not used of the file: conv_preds" in finding.message


def test_published_weights_want_the_scale_that_they_were_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "mobilenet_2_5_224_tf_no_top.h5"
    official("MobileNet", 0.25).save_weights(str(path))
    (finding,) = [one for one in preflight(recipe(path)) if one.where == "images.scale"]
    assert finding.severity is Severity.WARNING
    assert 'images of the scale "symmetric", and these are fed as "unit"' in finding.message
    assert finding.repair is not None
    mended = recipe(path).model_copy(update={"images": ImageSettings(size=SIDE, scale="symmetric")})
    assert not [one for one in preflight(mended) if one.where == "images.scale"]
    own = path.rename(tmp_path / "mine.h5")
    assert not [one for one in preflight(recipe(own)) if one.where == "images.scale"]


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04 torn archive", b"\x89HDF\r\n\x1a\n torn"])
def test_a_file_that_holds_no_weights_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.h5"
    path.write_bytes(content)
    (fault,) = errors(preflight(recipe(path)))
    assert "is not a weights file" in fault.message
    (fault,) = errors(preflight(recipe(tmp_path)))
    assert "is a folder" in fault.message
