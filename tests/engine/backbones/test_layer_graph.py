"""The TensorFlow-free graph counts what Keras builds, and the papers' figures come out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import RecipeError

SMALLEST_IMAGE = 8
"""Of any recipe."""
QUICK_TO_BUILD = {"googlenet", "mobilenet_v3_small", "resnet20", "resnet8", "vgg16"}
"""Between them they have every part that the others are made of."""


@pytest.mark.parametrize(
    ("key", "head"),
    [
        *(pytest.param(key, "gap", marks=[pytest.mark.slow] if key not in QUICK_TO_BUILD else []) for key in BACKBONES),
        ("resnet18", "flatten"),
    ],
)
def test_counts_and_shapes_equal_those_of_keras(key: str, head: str) -> None:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=key, width=0.125, head=head), (65, 48, 3), 5)
    model = build_keras_network(graph, seed=7)
    assert model.count_params() == graph.parameters
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == graph.trainable_parameters()
    for layer in graph.layers[1:]:
        assert tuple(model.get_layer(layer.name).output_shape[1:]) == layer.shape, layer.name


@pytest.mark.parametrize(("side", "trainable"), [(224, 25_089), (150, 8_193), (100, 4_609), (64, 2_049)])
def test_paper_t_trainable_parameters_of_the_frozen_vgg16(side: int, trainable: int) -> None:
    settings = BackboneSettings(kind="vgg16", head="flatten", freeze_base=True)
    assert layer_graph(settings, (side, side, 3), 2).trainable_parameters(freeze_base=True) == trainable


@pytest.mark.parametrize("key", BACKBONES.keys())
@pytest.mark.parametrize("side", [32, 64, 96, 224])
def test_features_of_every_usual_size(key: str, side: int) -> None:
    graph = layer_graph(BackboneSettings(kind=key), (side, side, 3), 10)
    features = next(layer for layer in reversed(graph.layers) if not layer.in_head)
    height, width, channels = features.shape
    assert height == width
    # Small images keep their resolution through the first layers; all others shrink by 16 or 32.
    assert height in ({1, 2, 4, 8} if side < 64 else {-(-side // 16), side // 32})
    assert channels >= 64
    assert graph.macs > graph.parameters


def test_weights_do_not_depend_on_what_was_built_before() -> None:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(width=0.125), (32, 32, 1), 2)
    first, second = (build_keras_network(graph, seed=7).get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], build_keras_network(graph, seed=8).get_weights()[0])


@pytest.mark.parametrize("key", BACKBONES.keys())
def test_the_smallest_images_it_says_it_takes_are_the_smallest(key: str) -> None:
    side = BACKBONES[key].smallest_side
    layer_graph(BackboneSettings(kind=key), (side, side, 1), 2)
    if side > SMALLEST_IMAGE:
        with pytest.raises(RecipeError, match=f"at least {side} pixels"):
            layer_graph(BackboneSettings(kind=key), (side - 1, side - 1, 1), 2)


def test_images_too_small_are_refused_with_a_way_out() -> None:
    with pytest.raises(RecipeError, match=r"vgg16 has nothing left .* at least 32 pixels"):
        layer_graph(BackboneSettings(kind="vgg16"), (16, 16, 3), 2)


def test_one_sigmoid_unit_needs_two_classes() -> None:
    with pytest.raises(RecipeError, match="distinguishes only two classes, but there are 3"):
        layer_graph(BackboneSettings(output="sigmoid"), (32, 32, 3), 3)
