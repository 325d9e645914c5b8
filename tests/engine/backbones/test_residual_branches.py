"""A residual block begins as its shortcut, and every channel of it can learn."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.training.tensorflow_setup import set_up_tensorflow


@pytest.mark.parametrize("kind", ["resnet8", "resnet18", "resnet20"])
def test_every_channel_that_ends_a_branch_has_a_gradient(kind: str) -> None:
    """A channel that is zero in shortcut and branch stays zero after its ReLU: no training would wake it."""
    set_up_tensorflow(seed=7)
    import tensorflow as tf

    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=kind, width=0.5), (16, 16, 3), 4)
    model = build_keras_network(graph, seed=7)
    images = tf.constant(np.random.default_rng(1).random((32, 16, 16, 3)), tf.float32)
    labels = tf.constant(np.arange(32) % 4)
    gammas = [layer.gamma for layer in model.layers if isinstance(layer, tf.keras.layers.BatchNormalization)]
    with tf.GradientTape() as tape:
        loss = tf.keras.losses.sparse_categorical_crossentropy(labels, model(images, training=True))
    for gamma, gradient in zip(gammas, tape.gradient(loss, gammas), strict=True):
        # The inner layers of a branch that begins at zero have none in the first batch; what ends it has one.
        if not np.any(gamma.numpy()):
            assert np.mean(gradient.numpy() != 0) > 0.75, gamma.name
    dead = [layer.name for layer in model.layers if layer.name.endswith("relu2") and _dead(model, layer, images)]
    assert not dead


def _dead(model: object, layer: object, images: object) -> bool:
    """Whether a channel of the layer is zero for every image."""
    import tf_keras

    values = tf_keras.Model(model.inputs, layer.output)(images, training=True).numpy()  # type: ignore[attr-defined]
    return bool((values.max(axis=(0, 1, 2)) == 0).mean() > 0.2)
