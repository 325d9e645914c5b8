"""How many weights each layer of a sparse network has (Evci et al. 2020, section 3, "sparsity distribution")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from engine.contract.errors import NutshellError

Distribution = Literal["erk", "uniform"]
Shape = tuple[int, ...]
"""Of a kernel: (height, width, in, out) or (in, out)."""


def active_weights(shapes: Sequence[Shape], sparsity: float, distribution: Distribution) -> tuple[int, ...]:
    """The number of weights of each kernel that are not held at zero.

    Args:
        shapes: of the sparse network's kernels, in its order.
        sparsity: fraction of zeros, 0 to below 1. With erk, of all kernels together, to the nearest weight; with
            uniform, of each kernel but the first, which stays dense.

    Raises:
        NutshellError: fewer weights are left than there are kernels.
    """
    sizes = [math.prod(shape) for shape in shapes]
    if distribution == "uniform":
        return (sizes[0], *(max(1, size - round(sparsity * size)) for size in sizes[1:]))
    budget = sum(sizes) - round(sparsity * sum(sizes))
    if budget < len(sizes):
        raise NutshellError(
            f"A sparsity of {sparsity:g} leaves {budget} of {sum(sizes):,} weights, fewer than the network has layers "
            f"({len(sizes)}); lower the sparsity."
        )
    return _whole(_erdos_renyi_kernel(shapes, sizes, budget), sizes, budget)


def _erdos_renyi_kernel(shapes: Sequence[Shape], sizes: Sequence[int], budget: int) -> list[float]:
    """The weights of each kernel in proportion to the sum of its axes: a density of ε · (n_in + n_out + w + h) /
    (n_in · n_out · w · h), where ε meets the budget and no density is above 1."""
    dense: set[int] = set()
    while True:
        sparse = [place for place in range(len(sizes)) if place not in dense]
        room = budget - sum(sizes[place] for place in dense)
        scale = room / sum(sum(shapes[place]) for place in sparse) if sparse else 0.0
        density = {place: scale * sum(shapes[place]) / sizes[place] for place in sparse}
        densest = max(density.values(), default=0.0)
        if densest <= 1:
            return [float(size) if place in dense else density[place] * size for place, size in enumerate(sizes)]
        dense |= {place for place in sparse if density[place] == densest}


def _whole(wanted: Sequence[float], sizes: Sequence[int], budget: int) -> tuple[int, ...]:
    """Whole numbers next to `wanted`, at least 1 each, whose sum is the budget."""
    counts = [max(1, math.floor(one)) for one in wanted]
    by_remainder = sorted(range(len(sizes)), key=lambda place: math.floor(wanted[place]) - wanted[place])
    for place in by_remainder[: max(0, budget - sum(counts))]:
        counts[place] += counts[place] < sizes[place]
    while sum(counts) > budget:
        counts[counts.index(max(counts))] -= 1
    return tuple(counts)
