"""Finds weights that are not finite, which make a network unusable."""

from __future__ import annotations

import numpy as np

from engine.contract.errors import NutshellError
from engine.graph.keras_objects import KerasModel


def layer_not_finite(model: KerasModel) -> str | None:
    """The name of the first layer that holds NaN or infinity; None where all weights are finite."""
    for layer in model.layers:
        if not all(np.isfinite(values).all() for values in layer.get_weights()):
            return str(layer.name)
    return None


def refuse_not_finite(model: KerasModel, origin: str) -> None:
    """
    Args:
        origin: where the weights come from and what to do, a sentence.

    Raises:
        NutshellError: a layer holds NaN or infinity; the message names it.
    """
    if (name := layer_not_finite(model)) is not None:
        raise NutshellError(f'The layer "{name}" holds weights that are not finite numbers (NaN or infinity). {origin}')
