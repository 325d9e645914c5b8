"""Whether two files that classified the same images differ: an exact test, and an interval of the difference.

Two accuracies on the same images are not independent, so their own intervals say little of the difference. Only images
that one file classifies rightly and the other wrongly speak of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from engine.contract.measurements import PairedComparison, RecallComparison, Verdict
from engine.measurement.difference_intervals import (
    DRAWS,
    SEED,
    bootstrap_interval,
    grouped_bootstrap_interval,
    grouped_interval,
    score_interval,
)

LEVEL = 0.05
"""Of a test that two files are equally accurate."""
MAX_ENUMERATED_GROUPS = 13
"""All ways to exchange the two files in so many groups are tried; of more groups, random ones."""


def paired_comparison(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, groups: Sequence[str] = (), against: str = ""
) -> PairedComparison:
    """The accuracy of the second file less that of the first, on the same images.

    Args:
        labels: int64 (images,), at least one.
        first: the class that the first file predicts, int64 (images,).
        second: the same of the second.
        groups: of each image, such as its patient; "": it stands alone. Empty: all do. Images of one group are no
            independent witnesses, so whole groups are drawn and exchanged.
        against: the name of the first.
    """
    changes = (second == labels).astype(np.int64) - (first == labels)
    won, lost = int((changes > 0).sum()), int((changes < 0).sum())
    keys = [group or f"\0{place}" for place, group in enumerate(groups)]
    is_grouped = len(set(keys)) < len(keys)
    if is_grouped:
        won_by, lost_by, sizes = _by_group(changes, keys)
        interval, p_value = grouped_interval(won_by, lost_by, sizes), exchange_p_value(won_by - lost_by)
        if p_value > LEVEL:
            # No interval excludes what its test does not reject.
            interval = min(interval[0], 0.0), max(interval[1], 0.0)
        bootstrap = grouped_bootstrap_interval(won_by - lost_by, sizes)
    else:
        interval, p_value = score_interval(won, lost, len(labels)), mcnemar_p_value(won, lost)
        bootstrap = bootstrap_interval(won, lost, len(labels))
    return PairedComparison(
        against=against,
        images=len(labels),
        groups=len(set(keys)) if is_grouped else None,
        won=won,
        lost=lost,
        difference=(won - lost) / len(labels),
        difference_ci95=interval,
        bootstrap_ci95=bootstrap,
        p_value=p_value,
    )


def within_drop(comparison: PairedComparison, max_drop: float) -> PairedComparison:
    """With the verdict whether at most so much accuracy is lost: non-inferiority, at 2.5 % on one side."""
    verdict = drop_verdict(comparison.difference_ci95, max_drop)
    return comparison.model_copy(update={"max_drop": max_drop, "verdict": verdict})


def recall_comparison(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, groups: Sequence[str], label: int, max_drop: float
) -> RecallComparison:
    """The recall of one class by the second file less that by the first, and whether at most so much is lost.

    The accuracies on the images of the class are its recalls, so the methods are those of `paired_comparison`.

    Args:
        labels, first, second, groups: of all images, as there.
        label: of the class.
    """
    own = np.flatnonzero(labels == label)
    if not len(own):
        everything = (-1.0, 1.0)
        return RecallComparison(
            images=0, won=0, lost=0, difference=0.0, difference_ci95=everything, max_drop=max_drop,
            verdict="too few images",
        )  # fmt: skip
    of_class = [groups[place] for place in own.tolist()] if groups else ()
    found = paired_comparison(labels[own], first[own], second[own], of_class)
    return RecallComparison(
        images=found.images,
        groups=found.groups,
        won=found.won,
        lost=found.lost,
        difference=found.difference,
        difference_ci95=found.difference_ci95,
        max_drop=max_drop,
        verdict=drop_verdict(found.difference_ci95, max_drop),
    )


def drop_verdict(interval: tuple[float, float], max_drop: float) -> Verdict:
    """Whether a 95 % interval of the difference lies above the drop, below it, or around it."""
    low, high = interval
    if low > -max_drop:
        return "holds"
    return "does not hold" if high < -max_drop else "too few images"


def smallest_drop(witnesses: int, changed: float) -> float:
    """Which drop can be excluded with so many images, or groups, where a share of them changes, as many either way.

    Args:
        changed: 0 to 1; 0: the file classifies every image as its baseline.
    """
    either_way = round(witnesses * changed / 2)
    return -score_interval(either_way, either_way, witnesses)[0]


def mcnemar_p_value(won: int, lost: int) -> float:
    """Two-sided and exact (McNemar 1947): each image that changed did so either way with one half; 1 where none did."""
    from scipy.stats import binomtest

    return float(binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0


def exchange_p_value(sums: np.ndarray) -> float:
    """Two-sided: how often exchanging the two files in some groups gives a difference as large.

    Args:
        sums: images won less images lost, int64 (groups,).
    """
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0
    seen = abs(sums.sum())
    if len(sums) <= MAX_ENUMERATED_GROUPS:
        signs = np.array(list(product((-1, 1), repeat=len(sums))))
        return float(np.mean(np.abs(signs @ sums) >= seen))
    signs = np.random.default_rng(SEED).choice((-1, 1), (DRAWS, len(sums)))
    return float((np.count_nonzero(np.abs(signs @ sums) >= seen) + 1) / (DRAWS + 1))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Corrected for their number (Holm 1979): below 0.05 they are all true together in 95 % of studies."""
    corrected = np.empty(len(p_values))
    most = 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        most = max(most, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = most
    return tuple(map(float, corrected))


def _by_group(changes: np.ndarray, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images won, lost, and all, of each group; int64 (groups,) each."""
    _, places = np.unique(np.array(keys), return_inverse=True)
    sizes = np.bincount(places)
    won, lost = (np.bincount(places[way], minlength=len(sizes)) for way in (changes > 0, changes < 0))
    return won, lost, sizes
