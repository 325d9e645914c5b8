"""The smallest units go, exactly as many as asked for, whatever the pattern; the chosen norm measures a block."""

from __future__ import annotations

import numpy as np
import pytest

from engine.steps.magnitude_pruning.magnitude import Scope, largest_values
from engine.steps.magnitude_pruning.sparsity_pattern import Blocks, SingleWeights, SparsityPattern, TwoOfFour

KERNELS = [
    np.random.default_rng(place).standard_normal(shape).astype(np.float32)
    for place, shape in enumerate([(3, 3, 3, 10), (3, 3, 8, 16), (5, 5, 12, 1), (20, 7)])
]


def test_exactly_the_smallest_go() -> None:
    values = np.array([[0.3, -0.1], [0.2, 0.4]])
    (kept,) = largest_values([values], 0.5, "layer")
    assert kept.tolist() == [[True, False], [False, True]]
    first, second = largest_values([np.array([[1.0, 2.0]]), np.array([[3.0, -4.0]])], 0.5, "global")
    assert (first.tolist(), second.tolist()) == ([[False, False]], [[True, True]])


def test_of_equal_values_the_first_go() -> None:
    values = np.array([[0.0, 0.5, -0.5, 0.5, 0.0, 2.0]])
    (kept,) = largest_values([values], 0.5, "layer")
    assert kept.tolist() == [[False, False, True, True, False, True]]


@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize("sparsity", [0.0, 0.123, 0.8, 1.0])
def test_as_many_go_as_are_asked_for(scope: Scope, sparsity: float) -> None:
    kept = largest_values(KERNELS, sparsity, scope)
    size = sum(kernel.size for kernel in KERNELS)
    assert sum(int((~one).sum()) for one in kept) == pytest.approx(sparsity * size, abs=len(KERNELS) / 2)
    for one, kernel in zip(kept, KERNELS, strict=True):
        assert one.shape == kernel.shape


@pytest.mark.parametrize("scope", ["layer", "global"])
@pytest.mark.parametrize(("rows", "columns"), [(4, 1), (1, 4), (2, 2), (16, 16)])
def test_blocks_go_whole_and_as_many_as_come_nearest(scope: Scope, rows: int, columns: int) -> None:
    for one, kernel in zip(largest_values(KERNELS, 0.5, scope, Blocks(rows, columns, "l1")), KERNELS, strict=True):
        matrix = one.reshape(-1, one.shape[-1])
        for down in range(0, matrix.shape[0], rows):
            for across in range(0, matrix.shape[1], columns):
                assert len(np.unique(matrix[down : down + rows, across : across + columns])) == 1
        if scope == "layer":
            assert (~one).mean() == pytest.approx(0.5, abs=rows * columns / 2 / min(one.size, kernel.size) + 1e-9)


def test_the_norm_measures_a_block() -> None:
    flat, peaked = [0.5, 0.5, 0.5, 0.5], [1.2, 0.0, 0.0, 0.0]
    kernel = np.array([flat, peaked]).T
    for norm, survivor in (("l1", 0), ("l2", 1)):
        (kept,) = largest_values([kernel], 0.5, "layer", Blocks(4, 1, norm))  # type: ignore[arg-type]
        assert kept[:, survivor].all()
        assert not kept[:, 1 - survivor].any()


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_two_of_four_input_channels_go(norm: str) -> None:
    kernel = KERNELS[1]
    (kept,) = largest_values([kernel], 0.5, "layer", TwoOfFour(norm))  # type: ignore[arg-type]
    fours = np.moveaxis(kept, -2, -1).reshape(-1, 4)
    assert (fours.sum(axis=1) == 2).all()
    values = np.abs(np.moveaxis(kernel, -2, -1).reshape(-1, 4))
    assert (np.where(fours, values, np.inf).min(axis=1) >= np.where(fours, 0, values).max(axis=1)).all()


def test_two_of_four_need_fours() -> None:
    pattern = TwoOfFour("l1")
    assert [pattern.takes(kernel.shape) for kernel in KERNELS] == [False, True, True, True]


@pytest.mark.parametrize(
    "pattern", [SingleWeights(), Blocks(4, 1, "l2"), TwoOfFour("l2")], ids=["single", "blocks", "2:4"]
)
def test_what_is_zero_stays_chosen_as_the_share_grows(pattern: SparsityPattern) -> None:
    kernels = [kernel.copy() for kernel in KERNELS if pattern.takes(kernel.shape)]
    generator = np.random.default_rng(9)
    zeros = [np.zeros(kernel.shape, dtype=bool) for kernel in kernels]
    for sparsity in (0.1, 0.25, 0.4, 0.5):
        for kernel, kept, before in zip(
            kernels, largest_values(kernels, sparsity, "global", pattern), zeros, strict=True
        ):
            assert not kept[before].any()
            before |= ~kept
            kernel += 0.1 * generator.standard_normal(kernel.shape).astype(np.float32)
            kernel[before] = 0
