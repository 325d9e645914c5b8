"""A layer with which nothing can be computed is refused by its name; one that is there in part is said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engine.backbones.backbone import layer_graph
from engine.chain.preflight import errors, preflight
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.weights.matching import match_weights
from engine.weights.soundness import NEGATIVE
from engine.weights.stored_weights import faulty_layer, read_stored_weights
from engine.weights.weights_file import load_weights
from tests.engine.weights import published_networks as published
from tests.engine.weights.torch_writing import save, save_legacy

pytestmark = pytest.mark.usefixtures("small_context")

WRITERS = {"zip.pth": save, "legacy.pth": save_legacy, "a.safetensors": lambda path, arrays: save_file(arrays, path)}
NORM = "layer3.0.bn1"


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    """A ResNet-18 as pytorch-cifar has it."""
    made = published.Pass()
    published.cifar_resnet(made, np.zeros((1, 3, 8, 8)))
    return made.weights


def settings(path: Path) -> BackboneSettings:
    return BackboneSettings(kind="resnet18", weights=str(path))


def negative(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    variance = weights[f"{NORM}.running_var"].copy()
    variance[-1] = -1e-3
    return weights | {f"{NORM}.running_var": variance}


@pytest.mark.parametrize("name", WRITERS)
def test_a_variance_below_0_is_refused_in_every_format_of_pytorch(
    name: str, weights: dict[str, np.ndarray], tmp_path: Path
) -> None:
    path = tmp_path / name
    few = {key: array for key, array in negative(weights).items() if key.startswith(NORM)}
    WRITERS[name](path, few)
    assert faulty_layer(path) == f'The layer "{NORM}" of {name} {NEGATIVE}'
    path = tmp_path / f"sound_{name}"  # A file of the same size at the same time would be taken for the same.
    WRITERS[name](path, {key: np.asarray(abs(array)) for key, array in few.items()})
    assert not faulty_layer(path)


def test_a_variance_below_0_stops_the_preflight_and_the_loading(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    from engine.training.keras_network import build_keras_network

    path = tmp_path / "resnet.pth"
    save(path, negative(weights))
    recipe = Recipe(images=ImageSettings(size=32), backbone=settings(path))
    (fault,) = errors(preflight(recipe))
    assert fault.message == f'The layer "{NORM}" of resnet.pth {NEGATIVE}; choose another file.'
    graph = layer_graph(settings(path), (32, 32, 3), 2)
    with pytest.raises(DataError, match=f'the layer "{NORM}" of .* holds a variance below 0'):
        load_weights(build_keras_network(graph, seed=1), graph, path)


@pytest.mark.parametrize("layout", ["names.h5", "numbers.weights.h5", "archive.keras", "saved_model"])
def test_a_variance_below_0_is_refused_in_every_format_of_keras(layout: str, tmp_path: Path) -> None:
    import tf_keras

    images = tf_keras.Input((8, 8, 3))
    normal = tf_keras.layers.BatchNormalization(name="batch_normalization" if "numbers" in layout else "norm")
    model = tf_keras.Model(images, normal(tf_keras.layers.Conv2D(2, 1, name="conv")(images)))
    arrays = normal.get_weights()
    for sign, is_refused in ((1, False), (-1, True)):
        normal.set_weights([*arrays[:3], sign * arrays[3]])
        path = tmp_path / f"{sign}" / layout
        path.parent.mkdir()
        (model.save if layout in ("archive.keras", "saved_model") else model.save_weights)(str(path))
        assert (NEGATIVE in faulty_layer(path)) == is_refused
    path = tmp_path / layout  # A mean below 0 is no variance.
    normal.set_weights([-arrays[0], -arrays[1] - 1, arrays[2] - 1, arrays[3]])
    (model.save if layout in ("archive.keras", "saved_model") else model.save_weights)(str(path))
    assert not faulty_layer(path)


def test_the_arrays_that_a_layer_lacks_are_named(weights: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "resnet.pth"
    save(path, {name: array for name, array in weights.items() if name != f"{NORM}.running_mean"})
    match = match_weights(layer_graph(settings(path), (32, 32, 3), 2), read_stored_weights(path))
    assert match.is_partial
    assert match.incomplete == ((NORM, "running_mean"),)
    assert f"{match.base_layers - 1} of {match.base_layers} layers of the base" in match.sentence()
    assert f"the file does not have running_mean of {NORM};" in match.sentence()
    assert "another shape" not in match.sentence()
    affine = (f"{NORM}.weight", f"{NORM}.bias")
    save(path, {name: array for name, array in weights.items() if name not in affine})
    match = match_weights(layer_graph(settings(path), (32, 32, 3), 2), read_stored_weights(path))
    assert f"the file does not have weight and bias of {NORM};" in match.sentence()
    save(path, weights | {f"{NORM}.running_mean": np.zeros(3, np.float32)})
    match = match_weights(layer_graph(settings(path), (32, 32, 3), 2), read_stored_weights(path))
    assert f"another shape in the file: {NORM};" in match.sentence()
