"""Builds a layer graph as a flat Keras 2 model of plain layers, which pruning, clustering, QAT and TFLite all take."""

from __future__ import annotations

import inspect

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import Layer, LayerGraph
from engine.training.own_layers import OWN_LAYERS

NETWORK_NAME = "network"
"""Keras would number its models in the order of making, and their names are in the `.tflite`."""
_WEIGHTED = frozenset({"Conv2D", "DepthwiseConv2D", "Dense"})


def build_keras_network(graph: LayerGraph, seed: int, freeze_base: bool = False) -> KerasModel:
    """The graph as an uncompiled `tf_keras.Model` with seeded random weights.

    Every layer's initial weights come from (seed, its place in the graph), so that they do not depend on what was
    built before. With `freeze_base` only the head's layers are trainable.

    Returns:
        Input float32 (batch, height, width, channels), output float32 (batch, classes or 1) of probabilities.
    """
    tensors: dict[str, tf.Tensor] = {}
    for place, layer in enumerate(graph.layers):
        if layer.kind == "InputLayer":
            tensors[layer.name] = tf_keras.Input(shape=layer.shape, name=layer.name)
            continue
        built = _keras_layer(layer, seed + place)
        built.trainable = layer.in_head or not freeze_base
        inputs = [tensors[name] for name in layer.inputs]
        tensors[layer.name] = built(inputs if len(inputs) > 1 else inputs[0])
    return tf_keras.Model(tensors[graph.layers[0].name], tensors[graph.layers[-1].name], name=NETWORK_NAME)


def _keras_layer(layer: Layer, seed: int) -> tf_keras.layers.Layer:
    kind = OWN_LAYERS.get(layer.kind) or getattr(tf_keras.layers, layer.kind)
    settings = dict(layer.settings)
    if layer.kind in _WEIGHTED:
        argument = "depthwise_initializer" if layer.kind == "DepthwiseConv2D" else "kernel_initializer"
        settings[argument] = _initializer(str(settings.get(argument, "he_normal")), seed)
    return kind(name=layer.name, **settings)


def _initializer(name: str, seed: int) -> tf_keras.initializers.Initializer:
    initializer = tf_keras.initializers.get(name)
    if "seed" not in inspect.signature(type(initializer).__init__).parameters:
        return initializer
    return type(initializer)(seed=seed)
