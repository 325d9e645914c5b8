"""How far an image lies from the training images, by the features that a file computes of it: a hint, and no more.

The features are what goes into the file's last dense layer. The distance is that of a class-free Gaussian with
independent dimensions (Lee et al. 2018, with a diagonal covariance): it finds images of another kind, such as another
scanner's, and says nothing of whether the answer is right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.inspection.observed_file import ObservedFile

LIMIT_PERCENTILE = 99.0
"""Of the training images' own distances: beyond it an image is called unlike them."""
SMALLEST_DEVIATION = 1e-6
MARGIN = 1.5
DENSE = frozenset({"FULLY_CONNECTED"})


@dataclass(frozen=True)
class TrainingFeatures:
    """Where a file's features of its training images lie."""

    mean: np.ndarray = field(repr=False)
    """float64 (features,)."""
    deviation: np.ndarray = field(repr=False)
    limit: float
    """The distance that 99 % of the training images keep within."""
    images: int

    @classmethod
    def of(
        cls, file: ObservedFile, fed: Iterable[np.ndarray], count: int, progress: Progress = UNWATCHED
    ) -> TrainingFeatures | None:
        """From training images as the file is fed them; None of fewer than three, or where it has no dense layer.

        Args:
            count: how many images there are, for `progress`.

        Raises:
            Cancelled: out of `progress`.
        """
        place = feature_place(file)
        if place is None:
            return None
        rows = []
        for done, image in enumerate(fed):
            progress.report(done, count)
            rows.append(_features(file, place, image))
        if len(rows) < 3:
            return None
        features = np.stack(rows)
        mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), SMALLEST_DEVIATION)
        distances = np.sqrt((((features - mean) / deviation) ** 2).mean(axis=1))
        return cls(mean, deviation, float(np.percentile(distances, LIMIT_PERCENTILE)), len(rows))

    def is_unlike(self, distance: float) -> bool:
        """Whether an image so far away is called unlike the training images.

        The network was fitted to these, so that new images of the same kind lie somewhat farther: hence the margin.
        """
        return distance > MARGIN * self.limit

    def distance(self, file: ObservedFile, fed: np.ndarray) -> float:
        """Root mean square of (feature − mean) / deviation: about 1 for images like those of the training."""
        place = feature_place(file)
        assert place is not None
        return float(np.sqrt((((_features(file, place, fed) - self.mean) / self.deviation) ** 2).mean()))


def feature_place(file: ObservedFile) -> int | None:
    """The tensor that goes into the last dense layer; None where there is none."""
    dense = [one for one in file.graph.computations if one.kind in DENSE]
    return dense[-1].inputs[0] if dense else None


def _features(file: ObservedFile, place: int, fed: np.ndarray) -> np.ndarray:
    file.look_at(fed)
    return file.real(place).ravel().astype(np.float64)
