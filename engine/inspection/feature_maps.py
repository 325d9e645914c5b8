"""Feature maps of a layer for one image, float beside compressed (Garifulla et al. 2022, figure 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.inspection.observed_file import ObservedFile
from engine.inspection.observed_layers import LayerPair, ObservedLayer


@dataclass(frozen=True)
class FeatureMaps:
    """What a layer of two files made of the same image."""

    pair: LayerPair
    baseline: np.ndarray = field(repr=False)
    """float32 (height, width, channels), real values; of a dense layer (1, 1, units)."""
    other: np.ndarray = field(repr=False)

    @property
    def comparable(self) -> bool:
        """Whether both have the same shape; not where channels were removed."""
        return self.baseline.shape == self.other.shape

    @property
    def difference(self) -> np.ndarray | None:
        """Compressed minus float; None where the shapes differ."""
        return self.other - self.baseline if self.comparable else None

    @property
    def scale(self) -> tuple[float, float]:
        """The least and the greatest value of both, by which both are drawn."""
        return common_scale(self.baseline, self.other)


def feature_maps(file: ObservedFile, layer: ObservedLayer) -> np.ndarray:
    """The layer's output for the image that the file looked at last, float32 (height, width, channels).

    After the layer's activation, fused or not; batch normalisation is folded in.
    """
    values = file.real(layer.output)[0]
    return values if values.ndim == 3 else values.reshape(1, 1, -1)


def compare_feature_maps(
    baseline: ObservedFile, other: ObservedFile, pair: LayerPair, baseline_fed: np.ndarray, other_fed: np.ndarray
) -> FeatureMaps:
    """Both files' maps of one layer for one image.

    Args:
        baseline_fed: the image as `ShippedModel.fed` of the baseline gives it; `other_fed` likewise.
    """
    baseline.look_at(baseline_fed)
    other.look_at(other_fed)
    return FeatureMaps(pair, feature_maps(baseline, pair.baseline), feature_maps(other, pair.other))


def common_scale(*values: np.ndarray) -> tuple[float, float]:
    """The least and the greatest value of all of them."""
    return float(min(one.min() for one in values)), float(max(one.max() for one in values))
