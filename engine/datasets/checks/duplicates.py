"""Finds duplicate images: the same pixels, or nearly the same by perceptual hash; also across splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.image_traits import ImageTraits
from engine.datasets.source import Split

NONE = -1
ROWS_AT_ONCE, COLUMNS_AT_ONCE = 64, 4096
"""Of the table of distances, which is never whole in memory: a part fits the cache."""
ORDER = (Split.TEST, Split.VALIDATION, Split.TRAIN)
"""The copy of the earlier split stays, so that the test and validation sets stay complete."""


@dataclass(frozen=True)
class FoundDuplicates:
    """For each image, in the samples' order, which image before it is its copy; `NONE` where there is none.

    "Before" goes by split first (test, validation, training), then by the samples' order. All arrays are int64 (n,).
    """

    exact: np.ndarray
    """The first image with the same pixels."""
    exact_in_other_split: np.ndarray
    near: np.ndarray
    """The most alike of those within the distance."""
    near_in_other_split: np.ndarray
    distance: np.ndarray
    """Differing bits of the perceptual hashes, to `near`."""
    distance_in_other_split: np.ndarray


def find_duplicates(
    traits: Sequence[ImageTraits],
    splits: Sequence[Split],
    near_bits: int,
    progress: Progress = UNWATCHED,
) -> FoundDuplicates:
    """Look for the copy of every image.

    Compares all pairs of 64-bit hashes, in parts: for 100,000 images some ten seconds, and memory for one part.

    Args:
        near_bits: of the 64 so many may differ between images that nearly are the same.
    """
    rank = np.asarray([ORDER.index(split) for split in splits], dtype=np.int64)
    order = np.argsort(rank, kind="stable")
    ranked = [traits[place] for place in order]
    split_starts = np.searchsorted(rank[order], rank[order])
    first = _first_of_equal(ranked)
    hashes = np.asarray([one.perceptual_hash or 0 for one in ranked], dtype=np.uint64)
    known = np.asarray([one.perceptual_hash is not None for one in ranked], dtype=bool)
    near, distance = nearest_before(hashes, known, np.arange(len(ranked)), near_bits, progress)
    leak, leak_distance = nearest_before(hashes, known, split_starts, near_bits, progress)

    def unranked(found: np.ndarray) -> np.ndarray:
        places = np.full(len(order), NONE)
        places[order] = np.where(found == NONE, NONE, order[found])
        return places

    def in_place(values: np.ndarray) -> np.ndarray:
        placed = np.empty_like(values)
        placed[order] = values
        return placed

    return FoundDuplicates(
        exact=unranked(first),
        exact_in_other_split=unranked(np.where(first < split_starts, first, NONE)),
        near=unranked(near),
        near_in_other_split=unranked(leak),
        distance=in_place(distance),
        distance_in_other_split=in_place(leak_distance),
    )


def nearest_before(
    hashes: np.ndarray,
    known: np.ndarray,
    stops: np.ndarray,
    most_bits: int,
    progress: Progress = UNWATCHED,
) -> tuple[np.ndarray, np.ndarray]:
    """For each hash the nearest of those before its stop, `NONE` where none is near enough; and its distance.

    Args:
        hashes: uint64 (n,).
        known: bool (n,); a hash that is not known is near to none.
        stops: int64 (n,), rising: hash i is compared with those of places 0 … stops[i] − 1.
        most_bits: the greatest distance that counts, in bits.
    """
    nearest = np.full(len(hashes), NONE)
    distance = np.full(len(hashes), most_bits + 1)
    for top in range(0, len(hashes), ROWS_AT_ONCE):
        rows = slice(top, top + ROWS_AT_ONCE)
        progress.raise_if_cancelled()
        for left in range(0, int(stops[rows].max()), COLUMNS_AT_ONCE):
            columns = np.arange(left, min(left + COLUMNS_AT_ONCE, len(hashes)))
            bits = np.bitwise_count(hashes[rows, None] ^ hashes[None, columns])
            if bits.min() > most_bits:
                continue
            hidden = (columns[None, :] >= stops[rows, None]) | ~known[None, columns] | ~known[rows, None]
            bits[hidden] = 255
            best = bits.argmin(axis=1)
            fewest = bits[np.arange(len(best)), best]
            better = fewest < distance[rows]
            nearest[rows][better] = columns[best[better]]
            distance[rows][better] = fewest[better]
    return nearest, distance


def _first_of_equal(traits: Sequence[ImageTraits]) -> np.ndarray:
    """The place of the first image with the same pixels, `NONE` for that one itself."""
    firsts: dict[bytes, int] = {}
    found = [firsts.setdefault(one.digest, place) for place, one in enumerate(traits)]
    return np.asarray([NONE if first == place else first for place, first in enumerate(found)], dtype=np.int64)
