"""EfficientNet-B0 (Tan and Le 2019, arXiv:1905.11946, table 1), its layers named as in `tf_keras.applications`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import numpy as np

from engine.backbones.backbone import Backbone
from engine.backbones.efficientnet import efficientnet_base
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import DataError
from engine.graph.graph_builder import GraphBuilder
from engine.graph.layer_graph import Tensor
from engine.weights.stored_weights import StoredWeights, read_stored_weights

NORMALIZATION = "normalization"
NUMBERED = re.compile(rf"{NORMALIZATION}(_\d+)?")
"""Keras numbers this layer, which it does not name, within a process."""
PUBLISHED_MEAN = (0.485, 0.456, 0.406)
PUBLISHED_VARIANCE = (0.229, 0.224, 0.225)
"""Deviations in truth: Keras divides by their square root here, and once more in a layer without weights."""
CLOSE = 1e-4


class EfficientNetB0(Backbone):
    """For small images the first convolution has stride 1.

    The network in Keras begins by normalising pixels from 0 to 255 itself; here `images.scale` does. What a weights
    file normalises by is read from it.
    """

    key: ClassVar[str] = "efficientnet_b0"
    title: ClassVar[str] = "EfficientNet-B0"
    paper: ClassVar[str] = "Tan and Le 2019"
    published_scale: ClassVar[str] = "imagenet_rgb"

    def base(self, builder: GraphBuilder) -> Tensor:
        builder.constants.add(NORMALIZATION)
        return efficientnet_base(builder, lite=False)

    @classmethod
    def expected_scale(cls, settings: BackboneSettings) -> str:
        """
        Raises:
            DataError: the file cannot be read, or normalises in a way of its own.
        """
        stored = read_stored_weights(Path(settings.weights).expanduser())
        found = _mean_and_variance(stored)
        if found is None:
            return super().expected_scale(settings)
        if _close(found, PUBLISHED_MEAN, PUBLISHED_VARIANCE):
            return cls.published_scale
        if _close(found, (0.0,), (1.0,)):
            return "unit"
        mean = ", ".join(f"{one:.3g}" for one in found[0])
        raise DataError(
            f"{stored.path.name} normalises its images by a mean of {mean} of its own, which no images.scale does; to "
            'keep that, use the saved model as backbone.kind = "keras_file".'
        )


def _mean_and_variance(stored: StoredWeights) -> tuple[np.ndarray, np.ndarray] | None:
    """Of the layer that normalises the images, one per channel; None where the file has none."""
    layers = [layer for layer in stored.layers if NUMBERED.fullmatch(layer.name or layer.kind)]
    for mean, variance, *_ in stored.arrays(layers[:1]):
        return mean.reshape(-1), variance.reshape(-1)
    return None


def _close(found: tuple[np.ndarray, np.ndarray], *wanted: tuple[float, ...]) -> bool:
    return all(
        len(one) % len(other) == 0 and np.allclose(one, np.resize(other, len(one)), atol=CLOSE)
        for one, other in zip(found, wanted, strict=True)
    )
