"""Some training images with their labels: what a step looks at the network with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.graph.layer_graph import LayerGraph

LARGEST_BATCH = 32
VALUES_AT_ONCE = 20_000_000
"""Activations of a batch that are held together."""


@dataclass(frozen=True)
class LabelledImages:
    """As many of each class as there are, up to a count."""

    images: Sequence[np.ndarray] = field(repr=False)
    """float32 (height, width, channels) each, as the network is fed."""
    labels: np.ndarray = field(repr=False)
    """int64 (n,)."""


def image_batches(images: Sequence[np.ndarray], graph: LayerGraph) -> Iterator[np.ndarray]:
    """The images in batches that fit into memory with all their activations."""
    size = int(np.clip(VALUES_AT_ONCE // max(graph.activations, 1), 1, LARGEST_BATCH))
    for start in range(0, len(images), size):
        yield np.stack([images[place] for place in range(start, min(start + size, len(images)))])
