"""How much each single weight matters: its size, or what the loss would lose without it.

With g the gradient of one image's loss: to first order the loss changes by |g·w| (Molchanov et al. 2017,
arXiv:1611.06440, there of channels), to second order by h·w²/2 (LeCun et al. 1990, optimal brain damage), where h, the
diagonal of the Hessian, is taken as that of the Fisher information, the mean of g² (Theis et al. 2018,
arXiv:1801.05787).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
import tensorflow as tf

from engine.contract.progress import UNWATCHED, Progress
from engine.graph.keras_objects import KerasModel, Variable
from engine.training.loss_gradients import loss_gradients
from engine.workbench.labelled_images import LabelledImages

GradientCriterion = Literal["taylor", "fisher"]
LEAST = 1e-30
"""Of a weight that is not zero, so that weights that are already zero go first."""

_OF_ONE_IMAGE: Mapping[GradientCriterion, Callable[[np.ndarray, np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "taylor": lambda gradient, weights: np.abs(gradient * weights),
        "fisher": lambda gradient, weights: np.square(gradient * weights) / 2,
    }
)


def importance(
    model: KerasModel,
    kernels: Sequence[Variable],
    criterion: GradientCriterion,
    seen: LabelledImages,
    progress: Progress = UNWATCHED,
) -> list[np.ndarray]:
    """Of each kernel's values, the mean over the images of what the loss of one would lose; float64, above 0 but for
    weights that are zero.

    Args:
        kernels: of `model`.
    """
    of_one_image = _OF_ONE_IMAGE[criterion]
    gradients = loss_gradients(model, kernels)
    weights = [kernel.numpy().astype(np.float64) for kernel in kernels]
    sums = [np.zeros(one.shape) for one in weights]
    progress = progress.counted("measuring how much each weight matters")
    for number, (image, label) in enumerate(zip(seen.images, seen.labels, strict=True)):
        progress.report(number, len(seen.images))
        # One image at a time: of a batch only the sum of its gradients would be known.
        found = gradients(tf.constant(np.asarray(image)[None]), tf.constant([label], tf.int64))
        for total, gradient, values in zip(sums, found, weights, strict=True):
            total += of_one_image(gradient.numpy(), values)
    return [
        np.where(values == 0, 0.0, np.maximum(total / len(seen.images), LEAST))
        for total, values in zip(sums, weights, strict=True)
    ]
