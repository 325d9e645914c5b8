"""What the layers after a removed channel do in its place, as weights. No TensorFlow.

A channel is replaced by `slope` × a channel that stays + `offset`: its mean alone (Polyak and Wolf 2015), or a channel
that says the same (Srinivas and Babu 2015, arXiv:1507.06149, there with slope 1 and offset 0).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.contract.errors import NutshellError


@dataclass(frozen=True)
class Compensation:
    """Changes to the weights of the network as it is before channels go."""

    kernels: Mapping[str, np.ndarray] = field(repr=False)
    """Layer → its whole new kernel, (…, inputs, outputs)."""
    biases: Mapping[str, np.ndarray] = field(repr=False)
    """Layer → what is added to each of its outputs, float64 (outputs,)."""


@dataclass(frozen=True)
class Replacement:
    """How one layer sees its removed input channels: each as a straight line of one that stays."""

    removed: np.ndarray
    """int64 (n,): places along the layer's inputs."""
    partners: np.ndarray
    """int64 (n,): places of the channels that stand for them."""
    slopes: np.ndarray
    """float64 (n,); 0: a constant."""
    offsets: np.ndarray
    """float64 (n,)."""


def compensated(kernel: np.ndarray, replacement: Replacement, keep_zeros: bool) -> tuple[np.ndarray, np.ndarray]:
    """A layer's kernel and added bias with some inputs replaced.

    Exact where a layer sees one place at a time (1×1, dense), and inside the image for larger kernels: outside of it
    the layer sees zeros, where the replaced channel now is its offset.

    Args:
        kernel: float32 (…, inputs, outputs).
        keep_zeros: values of the kernel that are zero stay zero.

    Returns:
        The kernel, float32, and the bias, float64 (outputs,).
    """
    gone = kernel[..., replacement.removed, :].astype(np.float64)
    whole = kernel.astype(np.float64)
    added = np.zeros_like(whole)
    for place, partner in enumerate(replacement.partners):
        added[..., partner, :] += replacement.slopes[place] * gone[..., place, :]
    if keep_zeros:
        added *= kernel != 0
    places = tuple(range(kernel.ndim - 2))
    bias = replacement.offsets @ gone.sum(axis=places)
    changed = (whole + added).astype(np.float32)
    if not np.isfinite(changed).all() or not np.isfinite(bias).all():
        raise NutshellError("A replaced channel gives weights that are not finite; choose another criterion.")
    return changed, bias
