"""Full size, every backbone has the parameters that were published for it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.graph.layer_graph import LayerGraph

TORCHVISION = "torchvision 0.25, table of classification weights; 1000 classes, without moving averages"
KERAS = "tf_keras.applications, summary without the top"
LITE = "tensorflow/tpu, models/official/efficientnet/lite: 4.652008 M with 1000 classes, without moving averages"
PUBLISHED = {
    "densenet121": (7_037_504, KERAS),
    "efficientnet_b0": (4_049_564, KERAS),
    "efficientnet_lite0": (4_652_008, LITE),
    "googlenet": (6_624_904, TORCHVISION),
    "mobilenet_v1": (3_228_864, KERAS),
    "mobilenet_v2": (2_257_984, KERAS),
    "mobilenet_v3_large": (2_996_352, KERAS),
    "mobilenet_v3_small": (939_120, KERAS),
    "resnet18": (11_689_512, TORCHVISION),
    "resnet34": (21_797_672, TORCHVISION),
    "resnet50": (23_587_712, KERAS),
    "resnet101": (42_658_176, KERAS),
    "vgg16": (14_714_688, KERAS),
}
"""Backbone → its parameters, and whose count that is."""
CIFAR = {20: 0.27, 56: 0.85, 110: 1.7}
"""Layers → millions of parameters (He et al. 2016, table 6)."""


def _counted(graph: LayerGraph, source: str) -> int:
    return graph.base_parameters if source is KERAS else graph.trainable_parameters()


def _on_cifar10(**settings: Any) -> LayerGraph:
    return layer_graph(BackboneSettings(**settings), (32, 32, 3), 10)


@pytest.mark.parametrize("key", PUBLISHED)
def test_networks_for_imagenet(key: str) -> None:
    published, source = PUBLISHED[key]
    assert _counted(layer_graph(BackboneSettings(kind=key), (224, 224, 3), 1000), source) == published, source


def test_resnet8_of_mlperf_tiny() -> None:
    published = 78_666  # summary of the reference model, mlcommons/tiny, benchmark/training/image_classification
    assert _on_cifar10(kind="resnet8").parameters == published


def test_the_whole_densenet121_of_keras() -> None:
    graph = layer_graph(BackboneSettings(kind="densenet121"), (224, 224, 3), 1000)
    assert (graph.trainable_parameters(), graph.parameters) == (7_978_856, 8_062_504)


def test_efficientnet_b0_of_keras_has_two_values_per_colour_and_a_count_more() -> None:
    graph = layer_graph(BackboneSettings(kind="efficientnet_b0"), (224, 224, 3), 1000)
    assert graph.trainable_parameters() == 5_288_548
    assert graph.parameters == 5_330_571 - (2 * 3 + 1)  # Of its first layer, which normalises the images.


@pytest.mark.parametrize(("depth", "millions"), CIFAR.items())
def test_residual_networks_for_cifar(depth: int, millions: float) -> None:
    """Of all 3×3 convolutions, their normalisation and the last layer; shortcuts have none."""
    blocks, filters = (depth - 2) // 6, (16, 32, 64)
    convolutions = [(3, 16), *((16, 16) for _ in range(2 * blocks))]
    for given, made in itertools.pairwise(filters):
        convolutions += [(given, made), *((made, made) for _ in range(2 * blocks - 1))]
    weights = sum(9 * given * made + 2 * made for given, made in convolutions)
    graph = _on_cifar10(kind=f"resnet{depth}")
    assert graph.trainable_parameters() == weights + 64 * 10 + 10
    assert float(f"{graph.trainable_parameters() / 1e6:.2g}") == pytest.approx(millions, abs=0.006)
    assert [layer.name for layer in graph.layers if layer.parameters and "shortcut" in layer.name] == []
    assert len([layer for layer in graph.layers if layer.macs]) == depth


@pytest.mark.parametrize(
    ("depth", "widening", "millions"), [(28, 10, 36.5), (40, 4, 8.9), (16, 8, 11.0), (16, 10, 17.1), (40, 2, 2.2)]
)
def test_wide_residual_networks(depth: int, widening: int, millions: float) -> None:
    graph = _on_cifar10(kind="wide_resnet", options={"depth": depth, "widening": widening})
    assert round(graph.trainable_parameters() / 1e6, 1) == millions  # Zagoruyko and Komodakis 2016, tables 2 to 4


def test_every_backbone_is_held_against_a_published_count() -> None:
    assert set(BACKBONES) == {*PUBLISHED, "resnet8", "wide_resnet", *(f"resnet{depth}" for depth in CIFAR)}


def test_vgg16_of_garifulla_et_al_has_two_more_parameters_a_filter_and_no_last_pooling() -> None:
    settings = BackboneSettings(kind="vgg16", options={"variant": "batch_norm"})  # type: ignore[arg-type]
    graph = layer_graph(settings, (224, 224, 3), 2)
    convolutions = [layer for layer in graph.layers if layer.kind == "Conv2D"]
    assert len(convolutions) == 13
    plain = layer_graph(BackboneSettings(kind="vgg16"), (224, 224, 3), 2)
    assert graph.trainable_parameters() - plain.trainable_parameters() == 2 * sum(c.shape[-1] for c in convolutions)
    assert next(layer for layer in reversed(graph.layers) if not layer.in_head).shape == (14, 14, 512)
