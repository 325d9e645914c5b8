"""Some training images with their labels: what a step looks at the network with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class LabelledImages:
    """As many of each class as there are, up to a count."""

    images: Sequence[np.ndarray] = field(repr=False)
    """float32 (height, width, channels) each, as the network is fed."""
    labels: np.ndarray = field(repr=False)
    """int64 (n,)."""
