"""The TensorFlow-free graph counts what Keras builds, and the papers' figures come out."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.errors import RecipeError
from engine.contract.recipe import BackboneSettings


@pytest.mark.parametrize("key", BACKBONES.keys())
@pytest.mark.parametrize("head", ["gap", "flatten"])
def test_counts_and_shapes_equal_those_of_keras(key: str, head: str) -> None:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=key, width=0.125, head=head), (64, 48, 3), 5)
    model = build_keras_network(graph, seed=7)
    assert model.count_params() == graph.parameters
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == graph.trainable_parameters()
    for layer in graph.layers[1:]:
        assert tuple(model.get_layer(layer.name).output_shape[1:]) == layer.shape, layer.name


@pytest.mark.parametrize(("side", "trainable"), [(224, 25_089), (150, 8_193), (100, 4_609), (64, 2_049)])
def test_paper_t_trainable_parameters_of_the_frozen_vgg16(side: int, trainable: int) -> None:
    settings = BackboneSettings(kind="vgg16", head="flatten", freeze_base=True)
    assert layer_graph(settings, (side, side, 3), 2).trainable_parameters(freeze_base=True) == trainable


def test_published_parameter_counts() -> None:
    graph = layer_graph(BackboneSettings(kind="resnet18"), (224, 224, 3), 1000)
    moving_averages = sum(layer.parameters - layer.trainable_parameters for layer in graph.layers)
    assert graph.parameters - moving_averages == 11_689_512  # torchvision's resnet18
    vgg = layer_graph(BackboneSettings(kind="vgg16"), (224, 224, 3), 10)
    assert sum(layer.parameters for layer in vgg.layers if not layer.in_head) == 14_714_688  # Keras's VGG16, no top


def test_weights_do_not_depend_on_what_was_built_before() -> None:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(width=0.125), (32, 32, 1), 2)
    first, second = (build_keras_network(graph, seed=7).get_weights() for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not np.array_equal(first[0], build_keras_network(graph, seed=8).get_weights()[0])


def test_images_too_small_are_refused_with_a_way_out() -> None:
    with pytest.raises(RecipeError, match=r"vgg16 has nothing left .* at least 32 pixels"):
        layer_graph(BackboneSettings(kind="vgg16"), (16, 16, 3), 2)


def test_one_sigmoid_unit_needs_two_classes() -> None:
    with pytest.raises(RecipeError, match="tells two classes apart, and there are 3"):
        layer_graph(BackboneSettings(output="sigmoid"), (32, 32, 3), 3)
