"""Clusters that move: weights are shared and move to another cluster when training takes them there, and zeros stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.training.cluster_projection import ZERO


def kernel_and_clusters(values: list[float], members: list[int]) -> tuple[Any, Any]:
    import tensorflow as tf

    from engine.steps.weight_clustering.moving_clusters import MovingClusters

    kernel = tf.Variable(np.array([values], np.float32))
    return kernel, MovingClusters([kernel], [np.array([members])])


def test_a_weight_goes_over_to_the_cluster_that_training_takes_it_to() -> None:
    kernel, clusters = kernel_and_clusters([0.0, 0.1, 1.0, 1.1], [0, 0, 1, 1])
    clusters.project()
    np.testing.assert_allclose(kernel.numpy(), [[0.05, 0.05, 1.05, 1.05]], rtol=1e-5)
    found = []
    for _ in range(3):
        kernel.assign_add([[0.0, 0.4, 0.0, 0.0]])
        clusters.project()
        found.append(kernel.numpy()[0].tolist())
    assert found[0] == pytest.approx([0.25, 0.25, 1.05, 1.05])
    assert found[1] == pytest.approx([0.0, 1.0, 1.0, 1.0])
    assert found[2][0] == 0.0


def test_zeros_stay_and_are_no_part_of_a_mean() -> None:
    kernel, clusters = kernel_and_clusters([0.0, 0.2, 0.4, 0.0], [ZERO, 0, 0, ZERO])
    for _ in range(2):
        kernel.assign_add([[0.1, 0.1, 0.1, -3.0]])
        clusters.project()
    np.testing.assert_allclose(kernel.numpy(), [[0.0, 0.5, 0.5, 0.0]], rtol=1e-5)


def test_a_kernel_of_zeros_stays_one() -> None:
    kernel, clusters = kernel_and_clusters([0.0, 0.0], [ZERO, ZERO])
    kernel.assign_add([[0.5, 0.1]])
    clusters.project()
    assert not kernel.numpy().any()


def test_what_was_saved_goes_on_alike() -> None:
    values, members = np.random.default_rng(0).random(50).tolist(), [0] * 20 + [1] * 30
    kernel, clusters = kernel_and_clusters(values, members)
    pushes = np.random.default_rng(1).normal(size=(4, 1, 50)).astype(np.float32) / 5
    saved: tuple[np.ndarray, dict[str, np.ndarray]] | None = None
    for place, push in enumerate(pushes):
        kernel.assign_add(push)
        clusters.project()
        if place == 1:
            saved = kernel.numpy(), clusters.state()
    assert saved is not None
    again, others = kernel_and_clusters(values, members)
    again.assign(saved[0])
    others.restore(saved[1])
    for push in pushes[2:]:
        again.assign_add(push)
        others.project()
    assert np.array_equal(again.numpy(), kernel.numpy())
