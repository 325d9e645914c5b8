"""Builds the network with two layers for each that is factored: the layers' own configurations, and their factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import LayerGraph
from engine.steps.low_rank.factors import FIRST, Factors, settings_of_two
from engine.steps.low_rank.ranks import Ranks


def factored_network(model: KerasModel, graph: LayerGraph, layers: Mapping[str, Factors], ranks: Ranks) -> KerasModel:
    """A plain network that computes what `model` does with each kernel of the rank that it is given.

    Args:
        graph: of `model`, which stays as it is.

    Returns:
        An uncompiled `tf_keras.Model` with the same input and output.
    """
    inputs_of = {layer.name: layer.inputs for layer in graph.layers}
    tensors: dict[str, tf.Tensor] = {}
    weights: dict[str, list[Any]] = {}
    for old in model.layers:
        if isinstance(old, tf_keras.layers.InputLayer):
            tensors[old.name] = tf_keras.Input(shape=graph.input_shape, name=old.name)
            continue
        inputs = [tensors[name] for name in inputs_of[old.name]]
        kind: Any = type(old)
        configuration, arrays = old.get_config(), old.get_weights()
        if old.name in ranks:
            one, two = settings_of_two(layers[old.name].factoring, ranks[old.name])
            first_kernel, second_kernel = layers[old.name].kernels(ranks[old.name])
            inputs = [kind.from_config({**configuration, **one})(inputs[0])]
            weights[old.name + FIRST] = [first_kernel]
            configuration, arrays = {**configuration, **two}, [second_kernel, *arrays[1:]]
        tensors[old.name] = kind.from_config(configuration)(inputs if len(inputs) > 1 else inputs[0])
        weights[old.name] = arrays
    made = tf_keras.Model(tensors[graph.layers[0].name], tensors[graph.layers[-1].name], name=model.name)
    for layer in made.layers:
        if layer.weights:
            layer.set_weights(weights[layer.name])
    return made
