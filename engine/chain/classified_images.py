"""What one file predicts on its test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassifiedImages:
    """Of one variant."""

    images: str
    """What tells its test images, as they are fed, from those of all other datasets and settings."""
    test_images: str
    """What tells its test images, as they came, from those of other repetitions."""
    train_images: int
    """How many its network was trained on."""
    labels: np.ndarray
    """int64 (images,)."""
    predicted: np.ndarray
    """int64 (images,)."""
    groups: Sequence[str] = ()
    """Of each image, such as its patient; "": it stands alone. Empty: all do."""
    classes: Sequence[str] = ()
    """What the labels stand for."""
