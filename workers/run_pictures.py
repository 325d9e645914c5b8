"""Reads test images of a run for the window: small ones for a list, large ones to be looked at. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.progress import Progress
from engine.imaging.thumbnail import thumbnail
from engine.inspection.run_images import RunImages


@dataclass(frozen=True)
class SmallImages:
    """What could be read of the images that were asked for."""

    pictures: dict[str, np.ndarray]
    """Path → (height, width[, 3]), uint8."""
    faults: dict[str, str]
    """Path → why there is none."""


def small_images(images: RunImages, paths: Sequence[str], side: int, progress: Progress) -> SmallImages:
    """Decode and shrink; one that cannot be read is told, and the others go on.

    Raises:
        Cancelled: out of `progress`.
    """
    pictures: dict[str, np.ndarray] = {}
    faults: dict[str, str] = {}
    for path in paths:
        progress.raise_if_cancelled()
        try:
            pictures[path] = thumbnail(images.decoded(path), side)
        except NutshellError as error:
            faults[path] = str(error)
    return SmallImages(pictures, faults)
