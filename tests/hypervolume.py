"""How much a front dominates, as one number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LARGEST_BYTES = 102_400


def hypervolume(points: Iterable[Mapping[str, float]]) -> float:
    """Of validation accuracy and zipped size, against no accuracy and 100 KiB (Zitzler and Thiele 1998); 0 to 1."""
    front = sorted((-one["validation_accuracy"], one["zip_bytes"] / LARGEST_BYTES) for one in points)
    volume, ceiling = 0.0, 1.0
    for accuracy, size in front:
        if size < ceiling:
            volume += -accuracy * (ceiling - size)
            ceiling = size
    return volume
