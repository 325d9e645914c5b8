"""Labels of a batch whose images were mixed: two per image, with their shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from engine.imaging.image_augmentation import Mixture

if TYPE_CHECKING:
    import tensorflow as tf


class MixedLabels(NamedTuple):
    """Arrays in the feed, tensors in the training step; in TensorFlow's graphs a tuple of three."""

    labels: Any
    """int64 (batch,): of the image itself."""
    partners: Any
    """int64 (batch,): of the image that it was mixed with."""
    shares: Any
    """float32 (batch,), 0 to 1: how much of the result is the image itself."""


def mixed(labels: np.ndarray, mixture: Mixture | None) -> np.ndarray | MixedLabels:
    """The labels of a batch as its images were mixed; unmixed ones as they are."""
    return labels if mixture is None else MixedLabels(labels, labels[mixture.partners], mixture.shares)


def loss_by_shares(loss: Callable[[tf.Tensor], tf.Tensor], labels: tf.Tensor | MixedLabels) -> tf.Tensor:
    """share · loss(label) + (1 − share) · loss(partner's label), of each image.

    A cross-entropy is linear in its target, so this equals the loss with the mixed labels as targets (Zhang et al.
    2018, equation 1; Yun et al. 2019, equation 1), whatever smooths or weights the labels.
    """
    if not isinstance(labels, MixedLabels):
        return loss(labels)
    own, others = loss(labels.labels), loss(labels.partners)
    import tensorflow as tf

    shares = tf.cast(labels.shares, own.dtype)
    return shares * own + (1 - shares) * others


def dominant_labels(labels: tf.Tensor | MixedLabels) -> tf.Tensor:
    """The label with the larger share of each image, int64 (batch,)."""
    if not isinstance(labels, MixedLabels):
        return labels
    import tensorflow as tf

    return tf.where(labels.shares >= 0.5, labels.labels, labels.partners)
