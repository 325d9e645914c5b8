"""The filters of a layer, float beside compressed, and how their weights are distributed (Garifulla et al. 2022,
figures 7 and 8)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.inspection.feature_maps import common_scale
from engine.inspection.observed_layers import LayerPair
from engine.measurement.tflite_graph import Kernel

BINS = 61
"""Odd, so that zero lies in the middle of a bin."""


@dataclass(frozen=True)
class Filters:
    """A layer's weights in two files, as real values."""

    pair: LayerPair
    baseline: np.ndarray = field(repr=False)
    """float32 (filters, height, width, input channels)."""
    other: np.ndarray = field(repr=False)

    @property
    def difference(self) -> np.ndarray | None:
        """Compressed minus float; None where the shapes differ."""
        return self.other - self.baseline if self.pair.same_shape else None

    @property
    def scale(self) -> tuple[float, float]:
        """From −m to m, m the greatest magnitude in both: zero is the middle colour."""
        low, high = common_scale(self.baseline, self.other)
        most = max(-low, high)
        return -most, most


@dataclass(frozen=True)
class WeightHistograms:
    """How the weights of a layer are distributed in two files, over the same bins."""

    pair: LayerPair
    edges: np.ndarray
    """float64 (bins + 1,), symmetric about zero."""
    baseline: np.ndarray
    """int64 (bins,): weights per bin."""
    other: np.ndarray


def filters_of(kernel: Kernel) -> np.ndarray:
    """Real values as float32 (filters, height, width, input channels); a depthwise filter has one input channel."""
    values = kernel.real_values
    if kernel.operator == "DEPTHWISE_CONV_2D":
        return np.moveaxis(values, 3, 0).transpose(0, 2, 3, 1)
    if values.ndim == 2:
        return values[:, None, None, :]
    return values


def compare_filters(pair: LayerPair) -> Filters:
    return Filters(pair, filters_of(pair.baseline.kernel), filters_of(pair.other.kernel))


def weight_histograms(pair: LayerPair, bins: int = BINS) -> WeightHistograms:
    """Both histograms; every weight is in a bin."""
    both = [layer.kernel.real_values.ravel().astype(np.float64) for layer in (pair.baseline, pair.other)]
    most = max(float(np.abs(values).max(initial=0.0)) for values in both) or 1.0
    edges = np.linspace(-most, most, bins + 1)
    baseline, other = (np.histogram(values, edges)[0].astype(np.int64) for values in both)
    return WeightHistograms(pair, edges, baseline, other)
