"""Before anything is trained, a weights file of another library is recognised, with its scale and its backbone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.chain.preflight import preflight
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.repairs import repaired
from engine.contract.training_settings import TrainingSettings
from engine.graph.layer_graph import LayerGraph
from engine.weights.matching import match_weights, weight_shapes
from engine.weights.stored_weights import read_stored_weights
from engine.weights.weights_file import load_weights
from tests.engine.weights import published_networks as published
from tests.engine.weights.torch_writing import save

KIND = "mobilenet_v3_small"


@pytest.fixture(scope="module")
def weights() -> Mapping[str, np.ndarray]:
    made = published.Pass(1e-3)
    published.mobilenet_v3(published.V3_SMALL)(made, np.zeros((1, 3, 32, 32)))
    return made.weights


@pytest.fixture(scope="module")
def file(weights: Mapping[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "mobilenet_v3_small-047dcff4.pth"
    save(path, weights)
    return path


def recipe(path: Path, kind: str = KIND, width: float = 1.0, scale: str = "unit", color: str = "rgb") -> Recipe:
    return Recipe(
        images=ImageSettings.model_validate({"size": 64, "scale": scale, "color": color}),
        backbone=BackboneSettings(kind=kind, width=width, weights=str(path)),
    )


def findings(one: Recipe, where: str) -> list[Finding]:
    return [finding for finding in preflight(one) if finding.where == where]


def test_the_library_and_what_is_taken_are_said(file: Path) -> None:
    (said,) = findings(recipe(file), "backbone.weights")
    assert said.severity is Severity.NOTE
    assert "a mobilenet_v3_small of torchvision; 86 of 86 layers of the base take their weights" in said.message
    assert "not used of the file: classifier.0" in said.message


def test_the_scale_is_said_and_mended(file: Path) -> None:
    (wrong,) = findings(recipe(file), "images.scale")
    assert wrong.severity is Severity.WARNING
    assert 'of torchvision, whose ImageNet weights were trained on images of the scale "imagenet_rgb"' in wrong.message
    assert wrong.repair is not None
    mended = repaired(recipe(file), wrong.repair)
    assert mended.images.scale == "imagenet_rgb"
    assert not findings(mended, "images.scale")
    assert not findings(recipe(file, color="grayscale"), "images.scale")


@pytest.mark.parametrize("kind", ["resnet18", "vgg16", "mobilenet_v3_large", "googlenet"])
def test_the_file_of_another_backbone_is_refused_with_that_backbone(kind: str, file: Path) -> None:
    (fault,) = findings(recipe(file, kind), "backbone.weights")
    assert fault.severity is Severity.ERROR
    assert f"is not of {kind}: it has the layers of mobilenet_v3_small" in fault.message
    assert fault.repair is not None
    (said,) = findings(repaired(recipe(file, kind), fault.repair), "backbone.weights")
    assert said.severity is Severity.NOTE


def test_another_width_and_layers_besides_are_refused(
    file: Path, weights: Mapping[str, np.ndarray], tmp_path: Path
) -> None:
    (fault,) = findings(recipe(file, width=0.5), "backbone.weights")
    assert fault.severity is Severity.ERROR
    assert "weights cannot be scaled" in fault.message
    more = dict(weights)
    more["features.3.block.9.weight"] = np.zeros((4, 4, 1, 1), np.float32)
    # Where the library registers it: before the last layer of the base.
    names = sorted(more, key=lambda name: int(name.split(".")[1]) if name.startswith("features") else 99)
    save(tmp_path / "more.pth", {name: more[name] for name in names})
    (fault,) = findings(recipe(tmp_path / "more.pth"), "backbone.weights")
    assert "features.3.block.9 besides" in fault.message


def test_without_a_file_of_theirs_no_network_is_built_as_theirs(tmp_path: Path) -> None:
    plain = layer_graph(BackboneSettings(kind=KIND), (64, 64, 3), 2)
    missing = BackboneSettings(kind=KIND, weights=str(tmp_path / "not there.pth"))
    assert layer_graph(missing, (64, 64, 3), 2) == plain
    assert plain.layers[1].name == "Conv"


def test_a_file_that_is_written_again_is_looked_at_again(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    settings = BackboneSettings(kind=KIND, weights=str(path))
    path.write_bytes(b"nothing")
    assert layer_graph(settings, (64, 64, 3), 2).layers[1].name == "Conv"
    path.write_bytes(file.read_bytes())
    assert layer_graph(settings, (64, 64, 3), 2).layers[2].name == "features.0.0"


def test_the_trained_head_of_the_same_classes_is_taken(weights: Mapping[str, np.ndarray], tmp_path: Path) -> None:
    made = published.Pass()
    published.cifar_resnet(made, np.zeros((1, 3, 8, 8)))
    path = tmp_path / "cifar10.pth"
    save(path, made.weights)
    graph = layer_graph(BackboneSettings(kind="resnet18", weights=str(path)), (32, 32, 3), 10)
    assert match_weights(graph, read_stored_weights(path)).is_whole


@pytest.mark.usefixtures("small_context")
def test_what_a_run_trained_in_a_librarys_layout_keeps_it(file: Path, tmp_path: Path) -> None:
    """Its file is Keras' own, and its layers still have the library's names."""
    from engine.training.keras_network import build_keras_network

    def built(path: Path) -> tuple[object, LayerGraph]:
        graph = layer_graph(BackboneSettings(kind=KIND, weights=str(path)), (64, 64, 3), 2)
        return build_keras_network(graph, seed=7), graph

    model, graph = built(file)
    model.save(str(tmp_path / "trained.keras"))  # type: ignore[attr-defined]
    again, same_graph = built(tmp_path / "trained.keras")
    assert same_graph == graph
    assert load_weights(again, same_graph, tmp_path / "trained.keras").is_whole  # type: ignore[arg-type]
    channels = {layer.name: layer.shape[-1] for layer in graph.layers}
    assert all(weight_shapes(layer, channels[layer.inputs[0]]) for layer in graph.layers if layer.parameters)


def test_an_untrained_study_does_not_speak_of_training(file: Path) -> None:
    still = recipe(file).model_copy(update={"training": TrainingSettings(train=False)})
    (wrong,) = findings(still, "images.scale")
    assert "training has to make up" not in wrong.message
