"""Whose decision changed: the test images to which a compressed file gives another class than its baseline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.store.prediction_file import Predictions


class Change(StrEnum):
    """What became of a baseline's decision."""

    LOST = "right → wrong"
    WON = "wrong → right"
    ELSE = "wrong → wrong"
    KEPT = "same"


ORDER = (Change.LOST, Change.ELSE, Change.WON, Change.KEPT)
"""The worst first."""


@dataclass(frozen=True)
class Decision:
    """What two files say of one test image."""

    row: int
    """Of the image in the predictions."""
    path: str
    label: int
    before: int
    """The class that the baseline predicts."""
    after: int
    before_probability: float
    """That the baseline gives to its own class, 0 to 1."""
    after_probability: float
    margin: float
    """By how much the file's likeliest class is ahead of the second, 0 to 1: near 0 the file is unsure."""
    change: Change


def decisions(predictions: Predictions, variant: str, baseline: str) -> tuple[Decision, ...]:
    """All test images, the worst changes first; among equals those first about which the baseline was surest.

    Raises:
        KeyError: nothing was kept of one of the two.
    """
    first, second = predictions.place(baseline), predictions.place(variant)
    before, after = predictions.predicted[first], predictions.predicted[second]
    labels, rows = predictions.labels, np.arange(len(predictions.labels))
    sure = predictions.probabilities[first, rows, before]
    now = predictions.probabilities[second, rows, after]
    ranked = np.sort(predictions.probabilities[second], axis=1)
    margins = ranked[:, -1] - ranked[:, -2] if ranked.shape[1] > 1 else ranked[:, -1]
    kinds = np.select(
        [before == after, before == labels, after == labels],
        [ORDER.index(Change.KEPT), ORDER.index(Change.LOST), ORDER.index(Change.WON)],
        ORDER.index(Change.ELSE),
    )
    order = np.lexsort((rows, -sure, kinds))
    return tuple(
        Decision(
            row,
            predictions.paths[row],
            int(labels[row]),
            int(before[row]),
            int(after[row]),
            float(sure[row]),
            float(now[row]),
            float(margins[row]),
            ORDER[kinds[row]],
        )
        for row in map(int, order)
    )


def change_counts(found: Sequence[Decision]) -> dict[Change, int]:
    """How many images each change happened to."""
    counts = Counter(one.change for one in found)
    return {change: counts[change] for change in ORDER}


def disagreeing_rows(predictions: Predictions) -> np.ndarray:
    """Rows of the images to which the files of a run do not all give the same class."""
    return np.flatnonzero((predictions.predicted != predictions.predicted[:1]).any(axis=0))


def groups_with_most_changes(found: Sequence[Decision], groups: Sequence[str]) -> tuple[tuple[str, int, int], ...]:
    """(group, changed, images) of those groups, such as patients, in which a decision changed, the most first.

    Args:
        groups: of each row; empty where an image has none.
    """
    changed, total = Counter[str](), Counter[str]()
    for one in found:
        if name := groups[one.row]:
            total[name] += 1
            changed[name] += one.change is not Change.KEPT
    named = [(name, count, total[name]) for name, count in changed.items() if count]
    return tuple(sorted(named, key=lambda item: (-item[1], item[0])))
