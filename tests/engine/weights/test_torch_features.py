"""With the weights of another library, a backbone gives the features that the library's own network gives."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import ARCHITECTURES, layer_graph
from engine.backbones.recognition import backbones_of_file
from engine.contract.backbone_settings import BackboneSettings
from engine.weights.weights_file import load_weights
from tests.engine.weights import published_networks as published
from tests.engine.weights.torch_writing import save, save_legacy

pytestmark = pytest.mark.usefixtures("small_context")

ACCURACY = 1e-4
"""Of the largest value: float32 is rounded in a hundred layers, and PyTorch itself differs so much from float64."""
V3_SMALL_STAGES, V3_LARGE_STAGES = (1, 2, 3, 2, 3), (1, 2, 3, 4, 2, 3)
slow = partial(pytest.param, marks=pytest.mark.slow)
NETWORKS = [
    pytest.param("resnet18", published.resnet((2, 2, 2, 2)), 1e-5, "torchvision", id="resnet18"),
    slow("resnet34", published.resnet((3, 4, 6, 3)), 1e-5, "torchvision", id="resnet34"),
    slow("resnet50", published.resnet((3, 4, 6, 3), bottleneck=True), 1e-5, "torchvision", id="resnet50"),
    slow("resnet101", published.resnet((3, 4, 23, 3), bottleneck=True), 1e-5, "torchvision", id="resnet101"),
    slow("resnet50", published.resnet((3, 4, 6, 3), bottleneck=True, wide=2), 1e-5, "torchvision (wide)", id="wide50"),
    slow("vgg16", published.vgg16(normalised=False), 1e-5, "torchvision", id="vgg16"),
    slow("vgg16", published.vgg16(normalised=True), 1e-5, "torchvision (with batch normalisation)", id="vgg16_bn"),
    pytest.param("googlenet", published.googlenet, 1e-3, "torchvision", id="googlenet"),
    slow("mobilenet_v2", published.mobilenet_v2, 1e-5, "torchvision", id="mobilenet_v2"),
    slow("mobilenet_v2", published.timm_mobilenet_v2, 1e-5, "timm", id="timm_mobilenet_v2"),
    slow("mobilenet_v3_small", published.mobilenet_v3(published.V3_SMALL), 1e-3, "torchvision", id="v3_small"),
    slow("mobilenet_v3_large", published.mobilenet_v3(published.V3_LARGE), 1e-3, "torchvision", id="v3_large"),
    pytest.param(
        "mobilenet_v3_small",
        published.timm_mobilenet_v3(published.V3_SMALL, V3_SMALL_STAGES),
        1e-5,
        "timm",
        id="timm_v3_small",
    ),
    slow(
        "mobilenet_v3_large",
        published.timm_mobilenet_v3(published.V3_LARGE, V3_LARGE_STAGES),
        1e-5,
        "timm",
        id="timm_v3_large",
    ),
    slow("resnet18", published.cifar_resnet, 1e-5, "pytorch-cifar", id="cifar_resnet18"),
]
SIDES = (64, 49)
"""An even and an odd one: zeros are placed differently."""


def features(settings: BackboneSettings, images: np.ndarray) -> np.ndarray:
    """(n, height, width, channels) of the base with the weights of the settings' file, all of which it must take."""
    import tf_keras

    from engine.training.keras_network import build_keras_network

    graph = layer_graph(settings, images.shape[1:], 2)
    model = build_keras_network(graph, seed=7)
    match = load_weights(model, graph, Path(settings.weights))
    assert not match.is_partial, match.sentence()
    return np.asarray(tf_keras.Model(model.input, model.get_layer("gap").input)(images))


def same(found: np.ndarray, expected: np.ndarray) -> None:
    """`expected` has its channels before height and width, as PyTorch has them."""
    expected = expected.transpose(0, 2, 3, 1)
    assert expected.std() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=ACCURACY * np.abs(expected).max())


@pytest.mark.parametrize(("kind", "network", "epsilon", "library"), NETWORKS)
def test_features_are_those_of_the_library(
    kind: str, network: published.Network, epsilon: float, library: str, tmp_path: Path
) -> None:
    generator = np.random.default_rng(1)
    path = tmp_path / "weights.pth"
    settings = BackboneSettings(kind=kind, weights=str(path))
    for side in SIDES:
        images = generator.uniform(-2, 2, (1, side, side, 3)).astype(np.float32)
        made = published.Pass(epsilon)
        expected = network(made, images.transpose(0, 3, 1, 2).astype(np.float64))
        # Of equal seeds: the weights are the same at each size.
        if side == SIDES[0]:
            save(path, made.weights)
        same(features(settings, images), expected)
    assert ARCHITECTURES[kind].library(settings) == library
    assert backbones_of_file(path) == (kind,)


def test_features_of_a_wide_residual_network_for_cifar(tmp_path: Path) -> None:
    made, path = published.Pass(), tmp_path / "weights.pt"
    images = np.random.default_rng(1).uniform(-2, 2, (1, 32, 32, 3)).astype(np.float32)
    expected = published.wide_resnet(made, images.transpose(0, 3, 1, 2).astype(np.float64))
    save_legacy(path, {f"module.{name}": weights for name, weights in made.weights.items()})
    options: Any = {"depth": 16, "widening": 2}
    same(features(BackboneSettings(kind="wide_resnet", options=options, weights=str(path)), images), expected)


def image_classifiers(blocks: tuple[int, ...], bottleneck: bool, side: int) -> Any:
    """classification_models/models/resnet.py, in Keras, with random weights; without its head."""
    import tf_keras

    layers = tf_keras.layers
    last = 4 if bottleneck else 1

    def activated(x: Any, norm: str) -> Any:
        return layers.Activation("relu")(layers.BatchNormalization(epsilon=2e-5, name=norm)(x))

    def conv(x: Any, filters: int, kernel: int, strides: int, name: str) -> Any:
        x = layers.ZeroPadding2D(kernel // 2)(x) if kernel > 1 else x
        return layers.Conv2D(filters, kernel, strides=strides, use_bias=False, padding="valid", name=name)(x)

    image = layers.Input((side, side, 3), name="data")
    x = layers.BatchNormalization(epsilon=2e-5, scale=False, name="bn_data")(image)
    x = activated(conv(x, 64, 7, 2, "conv0"), "bn0")
    x = layers.MaxPooling2D(3, strides=2, name="pooling0")(layers.ZeroPadding2D(1)(x))
    for stage, count in enumerate(blocks):
        filters = 64 * 2**stage
        for block in range(count):
            at, strides = f"stage{stage + 1}_unit{block + 1}_", 2 if stage and not block else 1
            y = activated(x, f"{at}bn1")
            shortcut = x if block else conv(y, filters * last, 1, strides, f"{at}sc")
            if bottleneck:
                y = activated(conv(y, filters, 1, 1, f"{at}conv1"), f"{at}bn2")
                y = activated(conv(y, filters, 3, strides, f"{at}conv2"), f"{at}bn3")
                y = conv(y, filters * 4, 1, 1, f"{at}conv3")
            else:
                y = activated(conv(y, filters, 3, strides, f"{at}conv1"), f"{at}bn2")
                y = conv(y, filters, 3, 1, f"{at}conv2")
            x = layers.Add()([y, shortcut])
    model = tf_keras.Model(image, activated(x, "bn1"))
    generator = np.random.default_rng(0)
    model.set_weights(
        [
            generator.uniform(0.5, 1.5, array.shape).astype(np.float32) if array.ndim == 1 else array
            for array in model.get_weights()
        ]
    )
    return model


@pytest.mark.parametrize(
    ("kind", "blocks", "bottleneck"),
    [
        ("resnet18", (2, 2, 2, 2), False),
        slow("resnet34", (3, 4, 6, 3), False),
        slow("resnet50", (3, 4, 6, 3), True),
    ],
)
def test_features_of_the_files_of_image_classifiers(
    kind: str, blocks: tuple[int, ...], bottleneck: bool, tmp_path: Path
) -> None:
    path = tmp_path / f"{kind}_imagenet_1000_no_top.h5"
    settings = BackboneSettings(kind=kind, weights=str(path))
    theirs = image_classifiers(blocks, bottleneck, SIDES[1])
    theirs.save_weights(str(path))
    images = np.random.default_rng(1).uniform(0, 255, (1, SIDES[1], SIDES[1], 3)).astype(np.float32)
    same(features(settings, images), np.asarray(theirs(images)).transpose(0, 3, 1, 2))
    assert ARCHITECTURES[kind].expected_scale(settings) == "bytes"
    assert backbones_of_file(path) == (kind,)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *[(kind, kind) for kind in ("resnet18", "resnet34", "resnet50", "resnet101", "vgg16", "googlenet")],
        *[(kind, kind) for kind in ("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large")],
        *[("vgg16", "vgg16_bn"), ("resnet50", "wide_resnet50_2")],
    ],
)
def test_features_are_those_of_torchvision_itself(kind: str, name: str, suffix: str, tmp_path: Path) -> None:
    python = os.environ.get("NUTSHELL_TORCH_PYTHON")
    if not python:
        pytest.skip("NUTSHELL_TORCH_PYTHON names no Python with torchvision; the networks in NumPy stand for it")
    path, made = tmp_path / f"weights.{suffix}", tmp_path / "features.npz"
    # Not in this process: PyTorch and TensorFlow do not always live in one.
    script = Path(__file__).with_name("torchvision_features.py")
    subprocess.run([python, str(script), name, str(path), str(made)], check=True, capture_output=True)
    with np.load(made) as found:
        for side in (224, 64, 97):
            same(
                features(BackboneSettings(kind=kind, weights=str(path)), found[f"images{side}"]),
                found[f"features{side}"],
            )
