"""How far a changed network's outputs lie from those of the float32 network: accuracy, signal to noise, divergence."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from engine.contract.sensitivity import SchemeCost
from engine.inspection.layer_errors import sqnr_db

End = Literal["SOFTMAX", "LOGISTIC"]
"""The last operator, which makes probabilities."""
LEAST_PROBABILITY = 1e-30
"""Of float32 numbers that rounded to zero."""


def log_probabilities(logits: np.ndarray, end: End) -> np.ndarray:
    """ln of each class's probability, float64 (images, classes).

    Args:
        logits: (images, classes), or (images, 1) of a sigmoid, whose probability is that of the second of two classes.
    """
    values = logits.astype(np.float64)
    if end == "LOGISTIC":
        if values.shape[1] == 1:
            values = np.concatenate([np.zeros_like(values), values], axis=1)
        else:
            return -np.logaddexp(0.0, -values)
    return values - np.logaddexp.reduce(values, axis=1, keepdims=True)


def logits_of(probabilities: np.ndarray) -> np.ndarray:
    """What the last softmax was given, but for an offset, or the last sigmoid: float64 of the same shape.

    Args:
        probabilities: (images, classes), or (images, 1) of the second of two classes.
    """
    likely = np.clip(probabilities.astype(np.float64), LEAST_PROBABILITY, None)
    if likely.shape[1] == 1:
        return np.log(likely) - np.log(np.clip(1 - likely, LEAST_PROBABILITY, None))
    return np.log(likely)


def decided(logits: np.ndarray) -> np.ndarray:
    """The class of each image, int64 (images,), as accuracy is counted."""
    return (logits[:, 0] >= 0).astype(np.int64) if logits.shape[1] == 1 else logits.argmax(axis=1).astype(np.int64)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Share of the images that are classified rightly, 0 to 1."""
    return float(np.mean(decided(logits) == labels))


def scheme_cost(before: np.ndarray, after: np.ndarray, labels: np.ndarray, end: End) -> SchemeCost:
    """The cost of a change.

    Args:
        before: the float32 network's logits, (images, classes or 1).
        after: the changed network's.
        labels: int64 (images,).
    """
    first, second = before.astype(np.float64), after.astype(np.float64)
    decibels = sqnr_db(float((first**2).sum()), float(((first - second) ** 2).sum()))
    p, q = log_probabilities(before, end), log_probabilities(after, end)
    # Of probabilities that round to 0 nothing is left: 0 · ln 0 = 0.
    divergence = float((np.exp(p) * (p - q)).sum(axis=1).mean())
    return SchemeCost(
        accuracy_drop=accuracy(before, labels) - accuracy(after, labels),
        sqnr_db=decibels if math.isfinite(decibels) else None,
        kl=max(divergence, 0.0),
    )
