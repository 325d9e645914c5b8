"""Class activation maps of a shipped file, from its own weights and tensors.

Where the head is global average pooling and a dense layer, the map is exact (Zhou et al. 2016): the last map, weighted
by the class's weights; its mean plus the bias is the logit. Elsewhere it is Grad-CAM (Selvaraju et al. 2017), whose
gradient is computed through the file's own operators.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from engine.inspection.head_gradient import Head, find_head, head_gradient
from engine.inspection.observed_file import ObservedFile

Method = Literal["cam", "grad_cam"]


@dataclass(frozen=True)
class ActivationMap:
    """Where in an image a file finds a class."""

    values: np.ndarray = field(repr=False)
    """float32 (height, width) of the last map. cam: evidence for the class, negative: against; grad_cam: 0 or more."""
    method: Method
    class_index: int

    @property
    def evidence(self) -> np.ndarray:
        """What speaks for the class, float32 (height, width), 0 or more."""
        return np.maximum(self.values, 0.0)


class ActivationMaps:
    """The activation maps of one file."""

    def __init__(self, file: ObservedFile) -> None:
        self._file = file

    @cached_property
    def head(self) -> Head:
        """
        Raises:
            NoActivationMap: the file has no spatial map.
        """
        return find_head(self._file.graph, self._file.model.path.name)

    @property
    def method(self) -> Method:
        return "cam" if self.head.is_pooled_dense else "grad_cam"

    def of_class(self, class_index: int) -> ActivationMap:
        """The map of a class, for the image that the file looked at last.

        A sigmoid's one logit is the second class's; the first has its negative.

        Raises:
            NoActivationMap: the head holds an operator whose gradient is not known here.
        """
        head, file = self.head, self._file
        features = file.real(head.map)[0]
        gradient = self._gradient(class_index)
        if self.method == "cam":
            # The mean's gradient is the dense layer's weight over the number of pixels.
            values = features @ (gradient[0, 0] * (features.shape[0] * features.shape[1]))
            return ActivationMap(values.astype(np.float32), "cam", class_index)
        values = np.maximum(features @ gradient.mean(axis=(0, 1)), 0.0)
        return ActivationMap(values.astype(np.float32), "grad_cam", class_index)

    def _gradient(self, class_index: int) -> np.ndarray:
        graph, head = self._file.graph, self.head
        places = {place for one in head.computations for place in (*one.inputs, *one.outputs)}
        values = {place: self._file.real(place) for place in places if not graph.is_constant(place)}
        logits = int(np.prod(graph.shape(head.logits)))
        second_only = np.array([1.0 if class_index == 1 else -1.0])
        weights = second_only if logits == 1 else np.eye(logits)[class_index]
        return head_gradient(graph, head, values, weights, self._file.model.path.name)


def map_distance(first: ActivationMap, second: ActivationMap) -> float | None:
    """How much of the evidence lies elsewhere: the total variation distance of two maps, 0 to 1.

    Each map's evidence (its values above zero) is divided by its sum; the distance is half the sum of the absolute
    differences. It does not change where one file's maps are larger by a factor. 0: the same map; 1: nothing in common.
    A smaller map is enlarged, as pixels, where the two have different sizes.

    Returns:
        None where a map holds no evidence for the class at all.
    """
    one, two = first.evidence.astype(np.float64), second.evidence.astype(np.float64)
    height, width = (max(sides) for sides in zip(one.shape, two.shape, strict=True))
    one, two = (_enlarged(values, height, width) for values in (one, two))
    if not one.sum() or not two.sum():
        return None
    return float(np.abs(one / one.sum() - two / two.sum()).sum() / 2)


def _enlarged(values: np.ndarray, height: int, width: int) -> np.ndarray:
    rows = np.arange(height) * values.shape[0] // height
    columns = np.arange(width) * values.shape[1] // width
    return values[rows][:, columns]
