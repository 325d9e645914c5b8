"""The gradients of a backbone's first batch, and then batches of changing sizes: run as a process of its own.

Arguments: backbone, width, side of the images, file to write.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

BATCH, SMALLER_BATCH = 24, 17
BATCHES = 20
BRANCH_SCALE = 0.3


def main(kind: str, width: float, side: int, path: Path) -> None:
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    import tensorflow as tf
    import tf_keras

    from engine.backbones.backbone import layer_graph
    from engine.contract.backbone_settings import BackboneSettings
    from engine.training.convolution_gradient import safe_convolution_gradients
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=kind, width=width), (side, side, 3), 2)
    whole = build_keras_network(graph, seed=7)
    # A saturated decision would hide the gradients, or enlarge rounding.
    model = tf_keras.Model(whole.input, whole.get_layer("classifier").input)
    for variable in model.trainable_variables:
        if not np.any(variable) and "gamma" in variable.name:
            # Where a residual branch begins at zero, it has no gradients.
            variable.assign(tf.fill(variable.shape, BRANCH_SCALE))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec(model.input_shape)])
    def gradients(images: tf.Tensor) -> list[tf.Tensor]:
        with safe_convolution_gradients():
            # As in use: in training, batch normalisation over few values enlarges rounding until nothing is alike.
            loss = tf.reduce_mean(tf.square(model(images, training=False)))
        return list(tf.gradients(loss, model.trainable_variables))

    images = np.random.default_rng(7).random((BATCH, side, side, 3), dtype=np.float32)
    first = gradients(images)
    for number in range(BATCHES):
        size = SMALLER_BATCH if number % 3 == 0 else BATCH
        gradients(images[:size])
    names = [variable.name for variable in model.trainable_variables]
    np.savez(path, **{name.replace("/", "|"): value for name, value in zip(names, first, strict=True)})


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
