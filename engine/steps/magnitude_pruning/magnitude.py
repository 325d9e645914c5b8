"""The magnitude criterion: which kernel values stay when a share of them must go (Han et al. 2015)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from engine.steps.magnitude_pruning.sparsity_pattern import SingleWeights, SparsityPattern

Scope = Literal["layer", "global"]


def largest_values(
    kernels: Sequence[np.ndarray], sparsity: float, scope: Scope, pattern: SparsityPattern | None = None
) -> list[np.ndarray]:
    """Which values stay when the smallest units of the pattern go. Of equal ones, the first go.

    Args:
        kernels: float32, of the shapes that the pattern divides.
        sparsity: fraction of values to drop, 0 to 1: of each kernel, or of all together (scope "global").
        pattern: None: single weights.

    Returns:
        Boolean arrays of the kernels' shapes, with as many False as whole units allow: round(sparsity × size) for
        single weights.
    """
    pattern = pattern or SingleWeights()
    units = [pattern.units(kernel) for kernel in kernels]
    if scope == "layer":
        kept = [
            _largest(one.norms, one.sizes, round(sparsity * kernel.size))
            for one, kernel in zip(units, kernels, strict=True)
        ]
    else:
        norms = np.concatenate([one.norms for one in units])
        sizes = np.concatenate([one.sizes for one in units])
        dropped = round(sparsity * sum(kernel.size for kernel in kernels))
        kept = np.split(_largest(norms, sizes, dropped), np.cumsum([len(one.norms) for one in units])[:-1])
    return [one.mask(part) for one, part in zip(units, kept, strict=True)]


def _largest(norms: np.ndarray, sizes: np.ndarray, values: int) -> np.ndarray:
    """Which units stay, boolean, when units of together as near as can be to `values` values go."""
    if sizes.min() == sizes.max():
        return _largest_units(norms, min(round(values / int(sizes[0])), len(norms)))
    order = np.argsort(norms, kind="stable")
    dropped = np.concatenate([[0], np.cumsum(sizes[order])])
    kept = np.ones(len(norms), dtype=bool)
    kept[order[: int(np.abs(dropped - values).argmin())]] = False
    return kept


def _largest_units(norms: np.ndarray, dropped: int) -> np.ndarray:
    """Selection in linear time: a network has millions of values, and they are chosen up to a hundred times."""
    if not dropped:
        return np.ones(len(norms), dtype=bool)
    threshold = np.partition(norms, dropped - 1)[dropped - 1]
    kept = norms > threshold
    equal = np.flatnonzero(norms == threshold)
    kept[equal[dropped - np.count_nonzero(norms < threshold) :]] = True
    return kept
