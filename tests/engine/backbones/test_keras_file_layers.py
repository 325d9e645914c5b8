"""Every layer that is taken from a Keras file answers as Keras does; what would answer otherwise is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.backbones.input_scaling import input_scaling
from engine.chain.preflight import errors, preflight
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, NutshellError
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.classification import classify
from engine.training.keras_network import build_keras_network
from engine.training.keras_reference import TOLERANCE, check_against_keras
from engine.training.quantization_wrapping import with_fake_quantisation
from engine.weights.weights_file import load_weights

pytestmark = pytest.mark.usefixtures("small_context")

SIDE = 16
Layers = Any
Body = Callable[[Layers, Any], Any]


def stem(layers: Layers, image: Any) -> Any:
    return layers.Conv2D(6, 3, name="stem")(image)


def shared(layers: Layers, image: Any) -> Any:
    conv, norm = layers.Conv2D(3, 3, padding="same", name="shared"), layers.BatchNormalization(name="norm")
    return norm(conv(norm(conv(image))))


def on_a_branch(layers: Layers, image: Any) -> Any:
    left = layers.Conv2D(4, 3, padding="same")(layers.Rescaling(1 / 255)(image))
    right = layers.Conv2D(4, 3, padding="same")(layers.Rescaling(1 / 100, 0.3)(image))
    return layers.Concatenate()([left, right])


def squeezed(layers: Layers, image: Any) -> Any:
    x = stem(layers, image)
    gate = layers.Reshape((1, 1, 6))(layers.GlobalAveragePooling2D()(x))
    return layers.Multiply()([x, layers.Conv2D(6, 1, activation="sigmoid")(gate)])


def three_added(layers: Layers, image: Any) -> Any:
    x = stem(layers, image)
    return layers.Add()([x, layers.ReLU()(x), layers.Activation("tanh")(x)])


BODIES: dict[str, Body] = {
    "rescaling": lambda layers, image: stem(layers, layers.Rescaling(1 / 255)(image)),
    "rescaling to -1..1": lambda layers, image: layers.Conv2D(6, 3, padding="same")(
        layers.Rescaling(1 / 127.5, -1)(image)
    ),
    "rescaling twice": lambda layers, image: stem(layers, layers.Rescaling(0.5)(layers.Rescaling(1 / 255)(image))),
    "rescaling after a convolution": lambda layers, image: layers.Rescaling(1 / 255, 2.0)(stem(layers, image)),
    "rescaling on a branch": on_a_branch,
    "rescaling of fractions": lambda layers, image: layers.Conv2D(6, 3, padding="same")(
        layers.Rescaling(2.0, -1)(image)
    ),
    "normalization": lambda layers, image: layers.Conv2D(6, 3, padding="same")(
        layers.Normalization(mean=[120.0, 100.0, 90.0], variance=[3000.0, 4000.0, 5000.0])(image)
    ),
    "normalization of its own weights": lambda layers, image: layers.Conv2D(6, 3, padding="same")(
        layers.Normalization(name="adapted")(layers.Rescaling(1 / 255)(image))
    ),
    "dilation": lambda layers, image: layers.Conv2D(6, 3, dilation_rate=2)(
        layers.DepthwiseConv2D(3, dilation_rate=2, padding="same")(image)
    ),
    "shared layers": shared,
    "separable": lambda layers, image: layers.SeparableConv2D(
        8, 3, strides=2, padding="same", activation="relu", name="separable"
    )(image),
    "separable without bias": lambda layers, image: layers.SeparableConv2D(8, 3, use_bias=False, name="separable")(
        image
    ),
    "elu": lambda layers, image: layers.ELU(0.7)(stem(layers, image)),
    "leaky relu": lambda layers, image: layers.LeakyReLU(0.1)(stem(layers, image)),
    "relu with a slope": lambda layers, image: layers.ReLU(negative_slope=0.25)(stem(layers, image)),
    "prelu": lambda layers, image: layers.PReLU(shared_axes=[1, 2], name="prelu")(stem(layers, image)),
    "prelu of each value": lambda layers, image: layers.PReLU(name="prelu")(stem(layers, image)),
    "activations by name": lambda layers, image: layers.Conv2D(4, 3, activation="gelu")(
        layers.Conv2D(4, 3, activation="swish")(layers.Conv2D(4, 3, activation="elu")(image))
    ),
    "global max": lambda layers, image: layers.GlobalMaxPooling2D()(stem(layers, image)),
    "squeeze and excitation": squeezed,
    "three added": three_added,
    "normalisation without scale": lambda layers, image: layers.BatchNormalization(scale=False)(
        layers.BatchNormalization(center=False)(stem(layers, image))
    ),
    "dense without bias": lambda layers, image: layers.Dense(5, use_bias=False)(
        layers.GlobalAveragePooling2D()(stem(layers, image))
    ),
    "dropouts": lambda layers, image: layers.SpatialDropout2D(0.4)(
        layers.Dropout(0.3, noise_shape=(None, 1, 1, 1))(layers.GaussianNoise(0.2)(stem(layers, image)))
    ),
}


def library(version: int) -> Any:
    if version == 2:
        import tf_keras

        return tf_keras
    import keras

    return keras


def random_weights(model: Any) -> None:
    """As a trained network may have them, so that no layer is without effect."""
    generator = np.random.default_rng(0)
    found = []
    for weight in model.weights:
        name, shape = getattr(weight, "path", weight.name), tuple(weight.shape)
        if "count" in name:
            found.append(np.zeros(shape))
        elif "variance" in name or "gamma" in name:
            found.append(generator.uniform(0.5, 2, shape))
        elif len(shape) > 1:
            found.append(generator.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape))
        else:
            found.append(generator.normal(0.1, 0.3, shape))
    model.set_weights([array.astype(np.float32) for array in found])


def saved(path: Path, body: Body, version: int = 2) -> Path:
    keras = library(version)
    image = keras.Input((SIDE, SIDE, 3))
    x = body(keras.layers, image)
    x = keras.layers.Flatten()(x) if len(x.shape) > 2 else x
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax", name="decision")(x))
    random_weights(model)
    model.save(str(path))
    return path


def read(path: Path) -> Any:
    settings = BackboneSettings(kind="keras_file", weights=str(path))
    graph = layer_graph(settings, (SIDE, SIDE, 3), 3)
    model = build_keras_network(graph, seed=7)
    match = load_weights(model, graph, path)
    assert match.is_whole, match.sentence()
    assert not match.unused
    return model


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", BODIES)
def test_a_layer_answers_as_in_keras(tmp_path: Path, name: str, version: int, suffix: str) -> None:
    path = saved(tmp_path / f"saved{suffix}", BODIES[name], version)
    assert check_against_keras(read(path), path, input_scaling(path), seed=3) < TOLERANCE / 10


@pytest.mark.parametrize("name", BODIES)
def test_a_layer_goes_into_a_file_and_trains_for_int8(tmp_path: Path, name: str) -> None:
    """The float32 file answers as the network; QAT wraps it, or says that it cannot."""
    model = read(saved(tmp_path / "saved.keras", BODIES[name]))
    (tmp_path / "model.tflite").write_bytes(float32_tflite(model))
    images = np.random.default_rng(1).random((4, SIDE, SIDE, 3)).astype(np.float32)
    answers = classify(tmp_path / "model.tflite", [images])
    np.testing.assert_allclose(answers, model(images), atol=1e-5)
    wrapped = with_fake_quantisation(model)
    assert wrapped(images, training=True).shape == (4, 3)


def training_is_on(layers: Layers, image: Any) -> Any:
    return layers.BatchNormalization(name="norm")(stem(layers, image), training=True)


def inner_training_is_on(layers: Layers, image: Any) -> Any:
    import tf_keras

    inner = tf_keras.Sequential([layers.Conv2D(4, 3), layers.BatchNormalization(name="norm")], name="inner")
    return inner(image, training=True)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (training_is_on, 'layer "norm" is called with training = True'),
        (inner_training_is_on, 'layer "norm" is called with training = True'),
        (lambda layers, image: layers.ReLU(max_value=4)(image), "ReLU up to 4"),
        (lambda layers, image: layers.Conv2D(4, (1, 3))(image), "is not square"),
        (lambda layers, image: layers.Conv2D(3, 3, groups=3)(image), "has groups = 3"),
        (lambda layers, image: layers.Normalization(axis=1, mean=[1.0] * SIDE, variance=[1.0] * SIDE)(image), "axis"),
        (lambda layers, image: layers.Dense(4)(image), "is dense over a feature map"),
        (lambda layers, image: image + 1.0, "is of class TFOpLambda"),
    ],
)
def test_what_would_answer_otherwise_is_refused(tmp_path: Path, body: Body, sentence: str) -> None:
    path = saved(tmp_path / "saved.keras", body)
    with pytest.raises(NutshellError, match=sentence):
        read(path)


def test_a_second_input_is_refused(tmp_path: Path) -> None:
    import tf_keras

    first, second = tf_keras.Input((SIDE, SIDE, 3), name="picture"), tf_keras.Input((SIDE, SIDE, 3), name="mask")
    joined = tf_keras.layers.Concatenate()([first, second])
    x = tf_keras.layers.GlobalAveragePooling2D()(joined)
    tf_keras.Model([first, second], tf_keras.layers.Dense(3, "softmax")(x)).save(str(tmp_path / "two.keras"))
    with pytest.raises(DataError, match=r"has 2 inputs \(picture, mask\); a classifier of images has one"):
        read(tmp_path / "two.keras")


def test_a_model_within_is_fed_as_it_says(tmp_path: Path) -> None:
    """Its inputs in their order, and twice the same model."""

    def body(layers: Layers, image: Any) -> Any:
        import tf_keras

        first, second = tf_keras.Input((SIDE, SIDE, 4)), tf_keras.Input((SIDE, SIDE, 4))
        joined = layers.Concatenate()([layers.Activation("tanh")(second), first])
        inner = tf_keras.Model([first, second], layers.Conv2D(4, 3, padding="same", name="inner")(joined), name="two")
        left, right = (layers.Conv2D(4, 3, padding="same", name=name)(image) for name in ("left", "right"))
        return inner([inner([left, right]), left])

    path = saved(tmp_path / "saved.keras", body)
    assert check_against_keras(read(path), path, input_scaling(path), seed=3) < TOLERANCE / 10


@pytest.mark.parametrize("version", [2, 3])
def test_a_sequential_model_that_begins_with_a_rescaling(tmp_path: Path, version: int) -> None:
    keras = library(version)
    layers = keras.layers
    body = [layers.Rescaling(1 / 127.5, offset=-1), layers.SeparableConv2D(8, 3, padding="same"), layers.LeakyReLU()]
    end = [layers.GlobalAveragePooling2D(), layers.Dense(3), layers.Softmax()]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *body, *end])
    random_weights(model)
    model.save(str(tmp_path / "saved.keras"))
    scaling = input_scaling(tmp_path / "saved.keras")
    assert scaling.scale == "symmetric"
    model = read(tmp_path / "saved.keras")
    assert not [layer for layer in model.layers if type(layer).__name__ == "ChannelScaling"]
    assert check_against_keras(model, tmp_path / "saved.keras", scaling, seed=3) < TOLERANCE / 10


def changed(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of a saved model with another description."""
    copy = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as original, zipfile.ZipFile(copy, "w") as target:
        for name in original.namelist():
            content = original.read(name)
            if name == "config.json":
                document = json.loads(content)
                change(document)
                content = json.dumps(document).encode()
            target.writestr(name, content)
    return copy


def test_a_misread_network_is_refused(tmp_path: Path) -> None:
    """The check that every reading makes notices a layer that computes otherwise."""
    path = saved(tmp_path / "saved.keras", BODIES["leaky relu"])

    def steeper(document: dict[str, Any]) -> None:
        for layer in document["config"]["layers"]:
            if layer["class_name"] == "LeakyReLU":
                layer["config"]["alpha"] = 0.1001 + 0.05

    other = changed(path, steeper)
    with pytest.raises(DataError, match="on random images its answers differ by"):
        check_against_keras(read(path), other, input_scaling(other), seed=3)


def test_keras_is_never_given_code(tmp_path: Path) -> None:
    """An initialiser from elsewhere is taken out; a class from elsewhere is refused before Keras sees it."""
    canary = tmp_path / "canary"
    path = saved(tmp_path / "saved.keras", BODIES["elu"])

    def with_initialiser(document: dict[str, Any]) -> None:
        harm = {"module": "os", "class_name": "function", "config": "mkdir", "registered_name": "function"}
        for layer in document["config"]["layers"]:
            if layer["class_name"] == "Conv2D":
                layer["config"] |= {"kernel_initializer": harm, "dtype": {"class_name": "Policy", "module": "os"}}

    def from_elsewhere(document: dict[str, Any]) -> None:
        document["config"]["layers"][1]["module"] = "antigravity"

    copy = changed(path, with_initialiser)
    assert check_against_keras(read(copy), copy, input_scaling(copy), seed=3) < TOLERANCE
    assert not canary.exists()
    copy = changed(path, from_elsewhere)
    with pytest.raises(DataError, match="names antigravity as the home of a Conv2D"):
        check_against_keras(read(copy), copy, input_scaling(copy), seed=3)


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, "{}", "[]", '{"class_name": "Sequential"}'])
def test_a_description_that_is_none_is_a_sentence(tmp_path: Path, content: str) -> None:
    path = saved(tmp_path / "saved.keras", BODIES["elu"])
    copy = tmp_path / "copy.keras"
    with zipfile.ZipFile(path) as original, zipfile.ZipFile(copy, "w") as target:
        for name in original.namelist():
            target.writestr(name, content if name == "config.json" else original.read(name))
    with pytest.raises(DataError, match=r"is not a saved Keras model"):
        read(copy)


PUBLISHED = ["EfficientNetB0", "DenseNet121"]


@pytest.mark.slow
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("name", [*PUBLISHED, "EfficientNetV2B0", "MobileNetV2", "ResNet50V2", "Xception"])
def test_networks_as_keras_applications_saves_them(tmp_path: Path, name: str, version: int) -> None:
    keras = library(version)
    model = getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=3)
    random_weights(model)
    path = tmp_path / f"{name}.keras"
    model.save(str(path))
    graph = layer_graph(BackboneSettings(kind="keras_file", weights=str(path)), (96, 96, 3), 3)
    ours = build_keras_network(graph, seed=7)
    assert load_weights(ours, graph, path).is_whole
    difference = check_against_keras(ours, path, input_scaling(path), seed=3)
    print(f"{name} of Keras {version}: {difference:.1e}")
    assert difference < TOLERANCE


def test_weights_that_are_no_numbers_are_told_before_the_run(tmp_path: Path) -> None:
    path = saved(tmp_path / "saved.keras", BODIES["leaky relu"])
    recipe = Recipe(
        dataset=DatasetSettings(classes=("a", "b", "c")),
        images=ImageSettings(size=SIDE),
        backbone=BackboneSettings(kind="keras_file", weights=str(path)),
        training=TrainingSettings(train=False),
    )
    assert not errors(preflight(recipe))
    model = library(2).models.load_model(path)
    arrays = model.get_weights()
    arrays[0][0, 0, 0, 0] = np.inf
    model.set_weights(arrays)
    model.save(str(path))
    (fault,) = errors(preflight(recipe))
    assert 'The layer "stem" of saved.keras holds weights that are not finite numbers' in fault.message


@pytest.mark.parametrize(
    ("name", "step", "sentence"),
    [
        ("elu", {"scheme": "int8"}, "no 8-bit operator for this network's ELU; choose dynamic_range"),
        ("prelu", {"scheme": "int16x8"}, "no 16-bit operator for this network's PReLU; choose int8"),
        ("elu", {"step": "quantization_aware_training"}, "no integer operator for this network's ELU after"),
        ("elu", {"scheme": "int8", "float_fallback": True}, ""),
        ("prelu", {"scheme": "int8"}, ""),
    ],
)
def test_what_has_no_integers_is_told_before_the_run(
    tmp_path: Path, name: str, step: dict[str, Any], sentence: str
) -> None:
    path = saved(tmp_path / "saved.keras", BODIES[name])
    recipe = Recipe(
        dataset=DatasetSettings(classes=("a", "b", "c")),
        images=ImageSettings(size=SIDE),
        backbone=BackboneSettings(kind="keras_file", weights=str(path)),
        chains=(ChainSettings(name="small", steps=({"step": "post_training_quantization", **step},)),),
    )
    faults = [fault.message for fault in errors(preflight(recipe))]
    assert [sentence in fault for fault in faults] == ([True] if sentence else [])


def test_that_shared_layers_train_apart_is_told(tmp_path: Path) -> None:
    path = saved(tmp_path / "saved.keras", BODIES["shared layers"])
    recipe = Recipe(
        dataset=DatasetSettings(classes=("a", "b", "c")),
        images=ImageSettings(size=SIDE),
        backbone=BackboneSettings(kind="keras_file", weights=str(path)),
    )
    (warning,) = [found for found in preflight(recipe) if "more than once" in found.message]
    assert warning.message.startswith("The file uses norm, shared more than once.")
