"""Full size, every backbone has the parameters that were published for it."""

from __future__ import annotations

import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.backbones.graph import LayerGraph
from engine.contract.recipe import BackboneSettings

TORCHVISION = "torchvision 0.25's table of classification weights: with 1000 classes, without moving averages"
KERAS = "the summary of tf_keras.applications without its top"
PUBLISHED = {
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
    if source is KERAS:
        return sum(layer.parameters for layer in graph.layers if not layer.in_head)
    return graph.trainable_parameters()


@pytest.mark.parametrize("key", BACKBONES.keys())
def test_parameters_are_those_published(key: str) -> None:
    published, source = PUBLISHED[key]
    assert _counted(layer_graph(BackboneSettings(kind=key), (224, 224, 3), 1000), source) == published, source
