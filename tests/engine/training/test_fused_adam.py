"""One operation per variable gives the weights and moments of tf_keras' own update."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest


@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_the_weights_are_those_of_keras(decay: float) -> None:
    import tensorflow as tf
    import tf_keras

    from engine.training.fused_adam import FusedAdam, FusedAdamW

    generator = np.random.default_rng(3)
    first = [generator.normal(size=shape).astype(np.float32) for shape in ((3, 3, 4, 8), (8,), (8, 2))]
    gradients = [[generator.normal(size=one.shape).astype(np.float32) for one in first] for _ in range(25)]

    def trained(optimizer: Any) -> list[np.ndarray]:
        variables = [tf.Variable(one) for one in first]
        optimizer.build(variables)

        @tf.function(autograph=False)
        def step(given: list[Any]) -> None:
            optimizer.apply_gradients(zip(given, variables, strict=True))

        for number, given in enumerate(gradients):
            optimizer.learning_rate.assign(2e-3 / (1 + number))
            step([tf.constant(one) for one in given])
        return [one.numpy() for one in (*variables, *optimizer.variables)]

    if decay:
        found = trained(FusedAdamW(1e-3, weight_decay=decay))
        expected = trained(tf_keras.optimizers.AdamW(1e-3, weight_decay=decay))
    else:
        found, expected = trained(FusedAdam(1e-3)), trained(tf_keras.optimizers.Adam(1e-3))
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-7)
    assert not np.allclose(found[0], first[0])
