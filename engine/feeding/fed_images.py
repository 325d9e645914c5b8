"""Some images of a dataset as the network's input, one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from engine.datasets.cache.prepared import PreparedDataset
from engine.feeding.pipeline import ImagePipeline


@dataclass(frozen=True)
class FedImages(Sequence[np.ndarray]):
    """float32 (height, width, channels) each. Made when asked for: 10,000 of 224×224 would take 6 GB at once."""

    dataset: PreparedDataset
    pipeline: ImagePipeline
    rows: np.ndarray
    """int64 (n,)."""

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> np.ndarray: ...

    @overload
    def __getitem__(self, place: slice) -> FedImages: ...

    def __getitem__(self, place: int | slice) -> np.ndarray | FedImages:
        if isinstance(place, slice):
            return FedImages(self.dataset, self.pipeline, self.rows[place])
        return self.pipeline.feed(self.dataset.images[self.rows[[place]]])[0]
