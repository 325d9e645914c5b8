"""Centroids stand for the values with little error, each start in its own way, and zeros can be kept apart."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.centroids import Centroids, nearest
from engine.training.cluster_projection import ZERO, cluster, clusters_found

STARTS = ("linear", "random", "density", "kmeans++")


def normal_values(count: int = 20_000) -> np.ndarray:
    return np.random.default_rng(5).standard_normal(count).astype(np.float32)


@pytest.mark.parametrize("start", STARTS)
def test_every_start_ends_close_to_the_best_quantiser(start: str) -> None:
    values = normal_values()
    centroids = Centroids(16, start).of(values, np.random.default_rng(1))  # type: ignore[arg-type]
    assert len(centroids) <= 16
    assert (np.diff(centroids) > 0).all()
    error = np.mean((values - centroids[nearest(values, centroids)]) ** 2)
    # Lloyd-Max for a normal distribution and 16 levels: 0.009497 (Max 1960, table 1).
    assert 0.009 < error < 0.0145


@pytest.mark.parametrize("start", STARTS)
def test_the_same_seed_gives_the_same_centroids(start: str) -> None:
    first, second = (Centroids(8, start).of(normal_values(), np.random.default_rng(3)) for _ in range(2))  # type: ignore[arg-type]
    assert np.array_equal(first, second)


@pytest.mark.parametrize("start", STARTS)
def test_few_distinct_values_are_kept_as_they_are(start: str) -> None:
    values = np.array([[3.0, -1.0], [3.0, 0.5]], dtype=np.float32)
    assert Centroids(4, start).of(values, np.random.default_rng(0)).tolist() == [-1.0, 0.5, 3.0]  # type: ignore[arg-type]


def test_without_k_means_the_start_stays() -> None:
    values = normal_values()
    linear = Centroids(9, "linear", kmeans_rounds=0).of(values, np.random.default_rng(0))
    assert linear == pytest.approx(np.linspace(values.min(), values.max(), 9))
    density = Centroids(9, "density", kmeans_rounds=0).of(values, np.random.default_rng(0))
    shares = np.diff(np.searchsorted(np.sort(values), density)) / len(values)
    assert shares == pytest.approx([1 / 8] * 8, abs=1e-3)


def test_nearest_is_the_nearest() -> None:
    values, centroids = normal_values(500), np.array([-1.0, -0.2, 0.9], dtype=np.float32)
    expected = np.abs(values[:, None] - centroids).argmin(axis=1)
    assert np.array_equal(nearest(values, centroids), expected)


def test_zeros_are_a_cluster_of_their_own() -> None:
    kernel = normal_values(1000).reshape(10, 100)
    kernel[np.abs(kernel) < 0.7] = 0
    members = cluster(kernel, Centroids(8, "kmeans++"), np.random.default_rng(0), keep_zeros=True)
    assert np.array_equal(members == ZERO, kernel == 0)
    assert len(np.unique(members)) == 8


def test_clusters_that_are_there_are_found() -> None:
    kernel = np.array([[0.5, 0.0, -2.0], [0.5, -2.0, 0.0]], dtype=np.float32)
    assert clusters_found(kernel, keep_zeros=True).tolist() == [[1, ZERO, 0], [1, 0, ZERO]]
    assert clusters_found(kernel, keep_zeros=False).tolist() == [[2, 1, 0], [2, 0, 1]]
