"""Which channels must go together is found from the graph: the smaller network computes what zeroed channels do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.export.tflite_conversion import float32_tflite
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import LayerGraph
from engine.measurement.tflite_file import TfliteFile
from engine.steps.channel_pruning.channel_costs import channel_costs
from engine.steps.channel_pruning.coupled_channels import coupled_channels
from engine.steps.channel_pruning.narrowed_layers import narrowed_graph
from engine.steps.channel_pruning.smaller_network import smaller_network
from engine.training.keras_network import build_keras_network
from engine.training.model_graph import graph_of_model
from tests.engine.steps.pruned_networks import draw_weights, drawn_network, with_zeroed_channels

QUICK = ("resnet20", "mobilenet_v3_small", "vgg16", "googlenet")
"""Padded shortcuts; squeeze and excitation; flattening; concatenations."""
SIDE = 32


def logits(model: Any, images: np.ndarray) -> np.ndarray:
    """What the last layer gives to its activation, float32 (images, classes)."""
    import tf_keras

    last = model.layers[-1]
    activation, last.activation = last.activation, tf_keras.activations.linear
    try:
        return np.asarray(model(images))
    finally:
        last.activation = activation


def check_equality(model: Any, side: int = SIDE, as_file: bool = False) -> None:
    """Half of the groups go, drawn by chance."""
    graph = graph_of_model(model)
    coupled = coupled_channels(graph)
    generator = np.random.default_rng(3)
    removed = np.concatenate([generator.permutation(one.groups)[: len(one.groups) // 2] for one in coupled.tied])
    small = smaller_network(model, graph, coupled, removed)
    images = generator.random((4, side, side, model.input_shape[-1]), dtype=np.float32)
    outputs = small(images).numpy()
    zeroed = with_zeroed_channels(model, coupled, removed)(images).numpy()
    assert np.abs(outputs - zeroed).max() < 1e-4
    # The softmax of drawn weights may say 1 whatever comes: what goes into it shows that the channels mattered.
    before_softmax, was = logits(small, images), logits(model, images)
    assert np.abs(before_softmax - was).max() > 1e-2, "what went said nothing, so equality shows nothing"
    zeroed_logits = logits(with_zeroed_channels(model, coupled, removed), images)
    assert np.abs(before_softmax - zeroed_logits).max() < 1e-4 * max(1.0, np.abs(zeroed_logits).max())
    made, told = graph_of_model(small), narrowed_graph(graph, coupled, removed)
    assert {one.name: (one.shape, one.macs, one.parameters) for one in made.layers} == {
        one.name: (one.shape, one.macs, one.parameters) for one in told.layers
    }
    assert made.parameters == small.count_params() < 0.6 * model.count_params()
    assert made.macs < 0.6 * graph.macs
    if as_file:
        before, content = float32_tflite(model), float32_tflite(small)
        file = TfliteFile.parse(content)
        assert file.macs == made.macs
        assert len(content) < 0.75 * len(before)


@pytest.mark.parametrize("kind", QUICK)
def test_fewer_channels_compute_what_zeroed_ones_do(kind: str) -> None:
    check_equality(drawn_network(kind, 0.25, SIDE))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("side", [32, 64])
@pytest.mark.parametrize("kind", BACKBONES.keys())
def test_every_backbone_at_both_stems(kind: str, side: int) -> None:
    check_equality(drawn_network(kind, 0.25, side), side, as_file=side == 32)


def test_a_flattening_head() -> None:
    check_equality(drawn_network("resnet8", 1.0, SIDE, head="flatten"))


def keras_layers() -> Any:
    import tf_keras

    return tf_keras.layers


def test_layers_of_files(tmp_path: Path) -> None:
    """Products of two maps, learnt slopes, scalings, global maxima, and a hidden dense layer behind a flattening."""
    builder = GraphBuilder((12, 12, 3))
    x = builder.channel_scaling(builder.input, (0.5,), (0.1,), "scaling")
    x = builder.conv(x, 16, 3, "conv1", use_bias=True)
    x = builder.prelu(x, (1, 2), "slope")
    x = builder.channel_scaling(x, tuple(np.linspace(0.5, 2, 16)), (0.0,) * 16, "scaling_each")
    x = builder.multiply(x, builder.activation(builder.conv(x, 16, 1, "gate"), "sigmoid", "gating"), "product")
    y = builder.global_max_pool(x, "maximum", keepdims=True)
    x = builder.add(x, builder.conv(x, 16, 3, "conv2"), "sum")
    x = builder.multiply(x, y, "by_maximum")
    x = builder.max_pool(builder.elu(x, 1.0, "elu"), 4, "pool")
    x = builder.dense(builder.flatten(x), 24, "hidden")
    x = builder.relu(builder.batch_norm(x, "hidden_bn"), "hidden_relu")
    builder.dense(builder.dropout(x, 0.5, "dropout"), 4, "classifier", "softmax")
    model = build_keras_network(builder.graph(), seed=2)
    draw_weights(model)
    slope = model.get_layer("slope")
    slope.set_weights([np.linspace(0.1, 0.6, 16, dtype=np.float32).reshape(1, 1, 16)])
    check_equality(model, side=12)


def test_sums_tie_and_concatenations_do_not() -> None:
    builder = GraphBuilder((8, 8, 3))
    x = builder.conv(builder.input, 4, 3, "a")
    x = builder.add(x, builder.conv(x, 4, 3, "b"), "sum")
    y = builder.conv(x, 6, 3, "c")
    z = builder.concatenate((x, y), "both")
    z = builder.depthwise_conv(z, 3, "depthwise")
    builder.dense(builder.global_average_pool(z), 2, "classifier", "softmax")
    coupled = coupled_channels(builder.graph())
    assert [(one.layers, len(one.groups)) for one in coupled.tied] == [(("a", "b"), 4), (("c",), 6)]
    assert coupled.outputs["depthwise"].groups.tolist() == list(range(10))
    assert set(coupled.outputs["classifier"].groups.tolist()) == {-1}
    assert set(coupled.outputs["input"].groups.tolist()) == {-1}


def test_channels_around_an_unknown_layer_are_kept_and_it_is_named() -> None:
    layers = keras_layers()
    import tf_keras

    image = tf_keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, name="before")(image)
    x = layers.LayerNormalization(name="odd")(x)
    x = layers.Conv2D(8, 3, name="after")(x)
    x = layers.Dense(3, "softmax", name="classifier")(layers.GlobalAveragePooling2D()(x))
    graph = graph_of_model(tf_keras.Model(image, x))
    coupled = coupled_channels(graph)
    assert coupled.unknown == ("LayerNormalization odd",)
    assert [one.layers for one in coupled.tied] == [("after",)]


@pytest.mark.parametrize("kind", BACKBONES.keys())
def test_the_cost_of_a_whole_network_is_that_of_its_graph(kind: str) -> None:
    graph: LayerGraph = layer_graph(BackboneSettings(kind=kind, width=0.25), (SIDE, SIDE, 3), 10)
    coupled = coupled_channels(graph)
    costs = channel_costs(graph, coupled).of([len(one.groups) for one in coupled.tied])
    assert (costs["macs"], costs["parameters"]) == (graph.macs, graph.parameters)
    assert coupled.unknown == ()
