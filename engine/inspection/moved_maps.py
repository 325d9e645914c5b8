"""Test images, ranked by how far the activation map moved from the baseline to a compressed file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from engine.contract.progress import UNWATCHED, Progress
from engine.inspection.activation_map import ActivationMaps, map_distance
from engine.inspection.observed_file import ObservedFile
from engine.inspection.paired_images import FedImage


@dataclass(frozen=True)
class MovedMap:
    """One image under two files."""

    path: str
    decided: int
    """The class that the baseline decides for; the maps of both files are that class's."""
    stayed: bool
    """Whether the compressed file decides for the same class."""
    distance: float | None
    """As `map_distance` has it, 0 to 1; None where a file finds nothing that speaks for the class."""


@dataclass(frozen=True)
class MovedMaps:
    """All images that were compared, those whose class stayed first, the farthest first of each."""

    ranked: tuple[MovedMap, ...]

    @property
    def stayed(self) -> tuple[MovedMap, ...]:
        return tuple(one for one in self.ranked if one.stayed)

    @property
    def distances(self) -> tuple[float, ...]:
        """Of the images whose class stayed."""
        return tuple(one.distance for one in self.stayed if one.distance is not None)

    @property
    def mean_distance(self) -> float | None:
        """Over the images whose class stayed; None where there is none with a map."""
        return fmean(self.distances) if self.distances else None


def rank_moved_maps(
    baseline: ObservedFile,
    other: ObservedFile,
    images: Iterable[FedImage],
    count: int,
    progress: Progress = UNWATCHED,
) -> MovedMaps:
    """Compare the two files' maps of the class that the baseline decides for, image by image.

    Args:
        count: how many images there are, for `progress`.

    Raises:
        NoActivationMap: one of the files has none.
        Cancelled: out of `progress`.
    """
    first, second = ActivationMaps(baseline), ActivationMaps(other)
    found = []
    for done, image in enumerate(images):
        progress.report(done, count)
        decided = baseline.decision(image.baseline)
        before = first.of_class(decided)
        stayed = other.decision(image.other) == decided
        found.append(MovedMap(image.path, decided, stayed, map_distance(before, second.of_class(decided))))
    progress.report(count, count)
    return MovedMaps(tuple(sorted(found, key=_rank)))


def _rank(moved: MovedMap) -> tuple[bool, float, str]:
    distance = -1.0 if moved.distance is None else moved.distance
    return not moved.stayed, -distance, moved.path
