"""Whether a network can compute with the numbers of a layer of a weights file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.weights.stored_layer import StoredLayer

NOT_FINITE = "holds weights that are not finite numbers (NaN or infinity), as a training that diverged leaves them"
NEGATIVE = "holds a variance below 0, of which no network can take the root"
VARIANCES = ("running_var", "moving_variance")
"""The last array of a batch normalisation, as PyTorch and Keras call it."""
NORMALISATION = "batch_normalization"


def fault_in(layer: StoredLayer, arrays: Sequence[np.ndarray], is_normalisation: bool = False) -> str:
    """What is wrong with a layer's arrays, to be said after its name; empty if nothing is.

    Args:
        is_normalisation: whether the last array is known to be a variance, where the file may not say so.
    """
    if not all(np.isfinite(array).all() for array in arrays):
        return NOT_FINITE
    is_normalisation |= layer.kind == NORMALISATION
    for place, array in zip(layer.places, arrays, strict=True):
        is_variance = any(word in place for word in VARIANCES) or (is_normalisation and place == layer.places[-1])
        if is_variance and (array < 0).any():
            return NEGATIVE
    return ""
