"""Reads a flat Keras model back as a layer graph: what `keras_network` builds, the other way round."""

from __future__ import annotations

from math import prod

import tf_keras

from engine.contract.errors import NutshellError
from engine.graph.keras_objects import KerasLayer, KerasModel, Variable
from engine.graph.layer_graph import Layer, LayerGraph, Shape
from engine.training.kernels import kernel_of


def graph_of_model(model: KerasModel) -> LayerGraph:
    """The layers of a model with their shapes, parameters and multiply-accumulates for one image.

    The settings of a layer are Keras' whole configuration of it. Where a file has its weights, and which layers are the
    head's, is not known of a model.

    Raises:
        NutshellError: a layer is used more than once, or gives several tensors.
    """
    layers = tuple(_layer(layer) for layer in model.layers)
    last = model.outputs[0].name
    order = [layer for layer in layers if layer.name == _maker(model, last)]
    return LayerGraph((*(layer for layer in layers if layer not in order), *order))


def input_layers(layer: KerasLayer) -> list[KerasLayer]:
    """The layers whose outputs a layer takes, in order.

    Raises:
        NutshellError: the layer is used more than once.
    """
    nodes = layer.inbound_nodes
    if len(nodes) != 1:
        raise NutshellError(
            f'Layer "{layer.name}" is used {len(nodes)} times in the network; build it as a flat graph in which each '
            "layer is used once."
        )
    return [source for source, _, _, _ in nodes[0].iterate_inbound()]


def _maker(model: KerasModel, tensor: str) -> str:
    return next(layer.name for layer in model.layers if layer.output.name == tensor)


def _layer(layer: KerasLayer) -> Layer:
    shape = _shape(layer)
    parameters = sum(_size(one) for one in layer.weights)
    # Of a frozen layer too: whether it is frozen is no matter of its architecture.
    fixed = 2 * shape[-1] if isinstance(layer, tf_keras.layers.BatchNormalization) else 0
    return Layer(
        layer.name,
        type(layer).__name__,
        layer.get_config(),
        tuple(one.name for one in input_layers(layer)),
        shape,
        parameters,
        parameters - fixed,
        _macs(layer, shape),
    )


def _shape(layer: KerasLayer) -> Shape:
    given = layer.output_shape
    if isinstance(given, list):
        (given,) = given
    return tuple(int(side) for side in given[1:] if side is not None)


def _macs(layer: KerasLayer, shape: Shape) -> int:
    kernel = kernel_of(layer)
    return 0 if kernel is None else prod(shape[:-1]) * _size(kernel)


def _size(variable: Variable) -> int:
    return int(variable.shape.num_elements())
