"""Every kind of layer of a backbone computes in int8 after training for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES, layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.network_facts import NetworkFacts
from engine.export.tflite_conversion import converter_tflite
from engine.graph.graph_builder import GraphBuilder
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.tflite_file import TfliteFile
from engine.training.int8_forms import int8_form
from engine.training.keras_network import build_keras_network
from engine.training.kernels import clone
from engine.training.quantization_wrapping import (
    fill_empty_ranges,
    own_config,
    quantisation_scope,
    with_fake_quantisation,
)
from engine.workbench.network import Network
from engine.workbench.network_file import load_network, save_network


def _every_kind_of_layer() -> Any:
    """A network of the layers that need a form of their own; one channel of two kernels is zero throughout."""
    builder = GraphBuilder((16, 16, 1))
    x = builder.batch_norm(builder.conv(builder.input, 8, 3, "conv"), "bn", ends_branch=True)
    y = builder.hard_swish(builder.batch_norm(builder.conv(builder.input, 8, 3, "conv2"), "bn2"), "swish")
    gate = builder.conv(builder.global_average_pool(y, "mean", keepdims=True), 8, 1, "gate_conv", use_bias=True)
    x = builder.add(x, builder.multiply(y, builder.hard_sigmoid(gate, "gate"), "gated"), "sum")
    y = builder.activation(builder.batch_norm(builder.conv(builder.input, 8, 3, "conv3"), "bn4"), "swish", "soft_swish")
    gate = builder.conv(builder.global_average_pool(y, "mean2", keepdims=True), 8, 1, "gate_conv2", use_bias=True)
    gate = builder.activation(gate, "sigmoid", "soft_gate")
    x = builder.add(x, builder.multiply(y, gate, "soft_gated"), "sum2")
    x = builder.relu(builder.batch_norm(x, "bn_of_sum"), "relu")
    y = builder.depthwise_conv(builder.zero_pad(x, (0, 1), (1, 0), "pad"), 3, "depthwise", strides=2, padding="valid")
    y = builder.relu6(builder.batch_norm(y, "bn3"), "relu6")
    x = builder.concatenate((y, builder.max_pool(x, 2, "pool")), "both")
    x = builder.average_pool(builder.conv(x, 8, 1, "transition"), 2, "average")
    builder.dense(builder.global_average_pool(x), 3, "classifier", "softmax")
    model = build_keras_network(builder.graph(), seed=7)
    for name, channel in (("conv2", np.s_[..., 3]), ("depthwise", np.s_[..., 3, :])):
        (kernel,) = model.get_layer(name).get_weights()
        kernel[channel] = 0
        model.get_layer(name).set_weights([kernel])
    return model


def test_layers_that_the_library_does_not_know_become_int8_too(tmp_path: Path) -> None:
    network = Network(_every_kind_of_layer(), NetworkFacts(parameters=1, trainable_parameters=1))
    save_network(tmp_path, network)
    wrapped = with_fake_quantisation(load_network(tmp_path).model)
    images = np.random.default_rng(0).random((4, 16, 16, 1), dtype=np.float32)
    for _ in range(20):
        wrapped(images, training=True)
    fill_empty_ranges(wrapped)
    aware = network.facts.model_copy(update={"quantization_aware": True})
    save_network(tmp_path, Network(wrapped, aware))
    content = converter_tflite(load_network(tmp_path).model, "int8", None)
    file = TfliteFile.parse(content)
    assert {operator.name for operator in file.operators if operator.computes_in_float} == set()
    assert file.weight_dtypes == ("int8",)
    assert file.zero_kernel_values >= 9 + 9
    classifier = ImageClassifier(content)
    for image, expected in zip(images, np.asarray(wrapped(images)), strict=True):
        classifier.set_image(image)
        classifier.invoke()
        np.testing.assert_allclose(classifier.probabilities(), expected, atol=0.02)


def _by_the_library(model: Any) -> Any:
    """What TFMOT's own way through an annotated model gives, which copies the network six times."""
    import tensorflow_model_optimization as tfmot
    import tf_keras

    annotate = tfmot.quantization.keras.quantize_annotate_layer
    tf_keras.backend.reset_uids()
    with quantisation_scope():
        annotated = tf_keras.models.clone_model(
            clone(model, int8_form), clone_function=lambda layer: annotate(layer, own_config(layer))
        )
        return tfmot.quantization.keras.quantize_apply(annotated)


def _assert_equal_networks(ours: Any, theirs: Any) -> None:
    assert ours.name == theirs.name
    assert json.dumps(ours.get_config(), default=str) == json.dumps(theirs.get_config(), default=str)
    for ours_, theirs_ in ((ours.variables, theirs.variables), (ours.trainable_variables, theirs.trainable_variables)):
        assert [variable.name for variable in ours_] == [variable.name for variable in theirs_]
    assert all(np.array_equal(a, b) for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True))


def test_wrapping_gives_what_the_librarys_own_way_gives() -> None:
    model = _every_kind_of_layer()
    _assert_equal_networks(with_fake_quantisation(model), _by_the_library(model))


@pytest.mark.slow
@pytest.mark.parametrize("kind", BACKBONES)
def test_wrapping_any_backbone_gives_what_the_librarys_own_way_gives(kind: str) -> None:
    model = build_keras_network(layer_graph(BackboneSettings(kind=kind, width=0.1), (64, 64, 3), 2), seed=7)
    _assert_equal_networks(with_fake_quantisation(model), _by_the_library(model))
