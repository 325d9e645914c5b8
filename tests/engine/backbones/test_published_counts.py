"""Full size, every backbone has the parameters that were published for it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.graph.layer_graph import LayerGraph

TORCHVISION = "torchvision 0.25, table of classification weights; 1000 classes, without moving averages"
KERAS = "tf_keras.applications, summary without the top"
PUBLISHED = {
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


@pytest.mark.parametrize(
    ("depth", "widening", "millions"), [(28, 10, 36.5), (40, 4, 8.9), (16, 8, 11.0), (16, 10, 17.1), (40, 2, 2.2)]
)
def test_wide_residual_networks(depth: int, widening: int, millions: float) -> None:
    graph = _on_cifar10(kind="wide_resnet", options={"depth": depth, "widening": widening})
    assert round(graph.trainable_parameters() / 1e6, 1) == millions  # Zagoruyko and Komodakis 2016, tables 2 to 4


def test_every_backbone_is_held_against_a_published_count() -> None:
    assert set(BACKBONES) == {*PUBLISHED, "resnet8", "wide_resnet"}


def test_vgg16_of_garifulla_et_al_has_two_more_parameters_a_filter_and_no_last_pooling() -> None:
    settings = BackboneSettings(kind="vgg16", options={"variant": "batch_norm"})  # type: ignore[arg-type]
    graph = layer_graph(settings, (224, 224, 3), 2)
    convolutions = [layer for layer in graph.layers if layer.kind == "Conv2D"]
    assert len(convolutions) == 13
    plain = layer_graph(BackboneSettings(kind="vgg16"), (224, 224, 3), 2)
    assert graph.trainable_parameters() - plain.trainable_parameters() == 2 * sum(c.shape[-1] for c in convolutions)
    assert next(layer for layer in reversed(graph.layers) if not layer.in_head).shape == (14, 14, 512)
