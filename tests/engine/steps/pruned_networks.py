"""Networks of any backbone in which every weight says something, and the same with some channels set to zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.steps.channel_pruning.coupled_channels import CoupledChannels
from engine.training.keras_network import build_keras_network
from engine.training.kernels import clone

CLASSES = 4


def drawn_network(kind: str, width: float, side: int, **options: object) -> Any:
    """A backbone in which every scale, offset and average is drawn: nothing is zero or one by its beginning."""
    settings = BackboneSettings(kind=kind, width=width, **options)
    model = build_keras_network(layer_graph(settings, (side, side, 3), CLASSES), seed=5)
    draw_weights(model)
    return model


def draw_weights(model: Any) -> None:
    """Give the batch normalisations and biases of a model values as a training leaves them."""
    import tf_keras

    generator = np.random.default_rng(11)
    for layer in model.layers:
        if isinstance(layer, tf_keras.layers.BatchNormalization):
            shape = layer.moving_mean.shape
            if layer.gamma is not None:
                layer.gamma.assign(generator.uniform(0.6, 1.2, shape))
            if layer.beta is not None:
                layer.beta.assign(generator.normal(0, 0.2, shape))
            layer.moving_mean.assign(generator.normal(0, 0.2, shape))
            layer.moving_variance.assign(generator.uniform(0.7, 1.5, shape))
        elif getattr(layer, "use_bias", False):
            layer.bias.assign(generator.normal(0, 0.2, layer.bias.shape))


def with_zeroed_channels(model: Any, coupled: CoupledChannels, removed: np.ndarray) -> Any:
    """A copy of the network, as large as it is, in which all that makes or shifts the removed channels is zero."""
    import tf_keras

    copy = clone(model)
    for layer in copy.layers:
        if not layer.weights:
            continue
        gone = np.isin(coupled.outputs[layer.name].groups, removed)
        if isinstance(layer, tf_keras.layers.BatchNormalization):
            # Nothing in, and nothing added to it.
            names = ("gamma", "beta", "moving_mean")
            changed = [one for name in names if (one := getattr(layer, name)) is not None]
        elif isinstance(layer, tf_keras.layers.DepthwiseConv2D):
            layer.depthwise_kernel.assign(np.where(gone[:, None], 0, layer.depthwise_kernel.numpy()))
            changed = [layer.bias] if layer.use_bias else []
        else:
            changed = layer.weights
        for variable in changed:
            variable.assign(np.where(gone, 0, variable.numpy()))
    return copy
