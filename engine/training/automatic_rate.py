"""The learning rate and weight decay that a recipe leaves to the program. No TensorFlow.

Measured over three kinds of images and three backbones: resources/docs/training.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from engine.contract.training_settings import TrainingSettings

Optimizer = Literal["adam", "adamw", "sgd", "rmsprop"]
REFERENCE_BATCH = 32
RATES: Mapping[Optimizer, float] = MappingProxyType({"adamw": 6e-3, "adam": 3e-3, "sgd": 0.05, "rmsprop": 1e-3})
"""At `REFERENCE_BATCH` images, for a network with batch normalisation and random weights."""
WEIGHT_DECAYS: Mapping[Optimizer, float] = MappingProxyType({"adamw": 0.05, "adam": 0.0, "sgd": 5e-4, "rmsprop": 0.0})
MAX_GROWTH = 16.0
"""Of the batch: beyond, a higher rate diverges."""
SHARE_WITHOUT_NORMALISATION = 1 / 6
"""Of the rate: without batch normalisation a network diverges sooner."""
SHARE_WITH_WEIGHTS = 1 / 6
"""Of the rate: what weights of a file know is not to be forgotten."""


def automatic_rate(
    training: TrainingSettings, batch_normalised: bool, begins_with_weights: bool, train_images: int
) -> float:
    """The learning rate for a training of this optimizer and batch size.

    It grows with the batch: in proportion for sgd (Goyal et al. 2017), with the square root for the adaptive ones
    (Malladi et al. 2022).
    """
    growth = min(min(training.batch_size, train_images) / REFERENCE_BATCH, MAX_GROWTH)
    rate = RATES[training.optimizer] * (growth if training.optimizer == "sgd" else math.sqrt(growth))
    shares = [
        1.0 if batch_normalised else SHARE_WITHOUT_NORMALISATION,
        SHARE_WITH_WEIGHTS if begins_with_weights else 1.0,
    ]
    return rate * min(shares)


def automatic_weight_decay(optimizer: Optimizer) -> float:
    """Decoupled for adamw; for the others an L2 penalty."""
    return WEIGHT_DECAYS[optimizer]
