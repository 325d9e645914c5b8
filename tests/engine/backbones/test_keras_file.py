"""A classifier that Keras saved becomes a plain network that computes the same; what is no such file is a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.chain.preflight import errors, preflight
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.weights.weights_file import load_weights

pytestmark = pytest.mark.usefixtures("small_context")

SIDE = 32


def classifier(classes: int = 3, activation: str = "softmax", inner: bool = False) -> Any:
    """Fused activations, a shortcut, a branch, and if asked for a network within the network."""
    import tf_keras

    layers = tf_keras.layers
    image = tf_keras.Input((SIDE, SIDE, 3), name="picture")
    x = layers.Rescaling(1 / 255)(layers.RandomFlip("horizontal")(image))
    if inner:
        stem = [tf_keras.Input((SIDE, SIDE, 3)), layers.Conv2D(8, 3, activation="relu", name="first")]
        x = tf_keras.Sequential([*stem, layers.BatchNormalization(name="norm")], name="stem")(x)
    else:
        x = layers.BatchNormalization(name="norm")(layers.Conv2D(8, 3, activation="relu", name="first")(x))
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(layers.ZeroPadding2D(1)(x))
    y = layers.MaxPooling2D(2)(layers.Activation("relu6")(y))
    z = layers.AveragePooling2D(2)(layers.ZeroPadding2D(1)(x))
    x = layers.Concatenate()([layers.Add()([y, z]), layers.ReLU()(y)])
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    x = layers.Dense(6, activation="tanh", name="hidden")(x)
    model = tf_keras.Model(image, layers.Dense(classes, activation=activation, name="decision")(x))
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(0.5, 0.2, array.shape).astype(np.float32) for array in model.get_weights()])
    return model


def save(model: Any, path: Path) -> None:
    """Keras takes a path without a known ending for that of a SavedModel."""
    model.save(str(path))
    assert path.is_dir() == (path.suffix == ".saved_model")


def recipe(path: Path, classes: int = 3, **more: Any) -> Recipe:
    return Recipe(
        dataset=DatasetSettings(classes=tuple(f"class {number}" for number in range(classes))),
        images=ImageSettings(size=more.pop("size", SIDE)),
        backbone=BackboneSettings(kind="keras_file", weights=str(path), **more),
        training=TrainingSettings(train=False),
    )


@pytest.mark.parametrize("inner", [False, True])
@pytest.mark.parametrize("suffix", [".keras", ".h5", ".saved_model"])
def test_the_network_of_a_file_computes_what_the_file_does(tmp_path: Path, suffix: str, inner: bool) -> None:
    from engine.training.keras_network import build_keras_network

    saved = classifier(inner=inner)
    path = tmp_path / f"saved{suffix}"
    save(saved, path)
    assert not errors(preflight(recipe(path)))
    graph = layer_graph(recipe(path).backbone, (SIDE, SIDE, 3), 3)
    assert graph.parameters == saved.count_params()
    model = build_keras_network(graph, seed=7)
    assert load_weights(model, graph, path).is_whole
    bytes_ = np.random.default_rng(1).integers(0, 256, (4, SIDE, SIDE, 3)).astype(np.float32)
    np.testing.assert_allclose(model(bytes_ / 255), saved(bytes_, training=False), atol=1e-5)


def test_logits_become_probabilities(tmp_path: Path) -> None:
    path = tmp_path / "logits.keras"
    save(classifier(activation="linear"), path)
    last = layer_graph(recipe(path).backbone, (SIDE, SIDE, 3), 3).layers[-1]
    assert (last.kind, last.settings["activation"]) == ("Activation", "softmax")


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".saved_model"])
def test_no_code_of_a_file_runs(tmp_path: Path, suffix: str) -> None:
    import tf_keras

    canary = tmp_path / "canary"
    image = tf_keras.Input((SIDE, SIDE, 3))
    # Its globals do not come with it: what it needs, it has to import.
    harm = eval(f"lambda x: (__import__('pathlib').Path({str(canary)!r}).touch(), x)[1]")
    features = tf_keras.layers.GlobalAveragePooling2D()(tf_keras.layers.Lambda(harm, name="harm")(image))
    path = tmp_path / f"harmful{suffix}"
    save(tf_keras.Model(image, tf_keras.layers.Dense(3, "softmax")(features)), path)
    canary.unlink()
    (fault,) = errors(preflight(recipe(path)))
    with pytest.raises(NutshellError):
        layer_graph(recipe(path).backbone, (SIDE, SIDE, 3), 3)
    assert not canary.exists()
    assert 'layer "harm" is of class Lambda, and code in a file is never run' in fault.message
    tf_keras.models.load_model(path, compile=False, safe_mode=False)
    assert canary.exists(), "the file would have done harm"


def test_another_size_and_another_number_of_classes_are_sentences(tmp_path: Path) -> None:
    path = tmp_path / "saved.keras"
    classifier().save(str(path))
    for wrong, sentence in (
        (recipe(path, size=64), "takes images of 32 × 32 × 3, and the recipe's are 64 × 64 × 3"),
        (recipe(path, classes=5), "tells 3 classes apart, but the images have 5"),
        (recipe(path, width=0.5), "set backbone.width = 1"),
        (recipe(Path()).model_copy(update={"backbone": BackboneSettings(kind="keras_file")}), "give it as"),
    ):
        assert any(sentence in fault.message for fault in errors(preflight(wrong))), sentence


def test_a_file_that_was_saved_anew_is_another_network(tmp_path: Path) -> None:
    path = tmp_path / "saved.keras"
    ends = []
    for activation in ("softmax", "linear"):
        classifier(activation=activation).save(str(path))
        ends.append(layer_graph(recipe(path).backbone, (SIDE, SIDE, 3), 3).layers[-1].name)
    assert ends == ["decision_softmax", "probabilities"]


def test_a_rescaling_that_is_left_out_needs_its_scale(tmp_path: Path) -> None:
    path = tmp_path / "saved.keras"
    classifier().save(str(path))
    assert not [one for one in preflight(recipe(path)) if one.where == "images.scale"]
    otherwise = recipe(path).model_copy(update={"images": ImageSettings(size=SIDE, scale="symmetric")})
    (finding,) = [one for one in preflight(otherwise) if one.where == "images.scale"]
    assert 'the scale "unit", and these are fed as "symmetric"' in finding.message


def test_what_is_no_whole_model_is_a_sentence(tmp_path: Path) -> None:
    weights = tmp_path / "weights.h5"
    classifier().save_weights(str(weights))
    graph_alone = tmp_path / "graph"
    graph_alone.mkdir()
    (graph_alone / "saved_model.pb").write_bytes(b"")
    torn = tmp_path / "torn.keras"
    torn.write_bytes(b"PK\x03\x04")
    for path, sentence in (
        (weights, "holds weights without the layers"),
        (graph_alone, "without Keras' own description of its layers"),
        (tmp_path, "is a folder, but not a SavedModel"),
        (torn, "is not a saved Keras model"),
        (tmp_path / "nothing.keras", "check the path"),
    ):
        assert any(sentence in fault.message for fault in errors(preflight(recipe(path)))), sentence
