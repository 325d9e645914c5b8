"""95 % intervals of the difference of two accuracies on the same images; images may come in groups, such as patients.

A group's images are no independent witnesses. How many of them count as one is found from the changes themselves, and
the interval is that of as many independent images (Korn and Graubard 1998, for shares in surveys).
`tests/engine/measurement/test_interval_coverage.py` simulates how often the true difference is covered.
"""

from __future__ import annotations

import numpy as np

from engine.measurement.accuracy import Z_95

DRAWS = 10_000
SEED = 0x9A17
ASSUMED_IMAGES = 4.0
"""Changed images that are assumed beside those seen where no group changed, each with all others of its group; less by
the number of groups that did. Chosen by simulation."""
BIAS_WEIGHT = 2.0
"""Of the bias of a ratio of sums: once for the bias, and once because few changes come with a small ratio, which makes
the interval too narrow on one side."""

Interval = tuple[float, float]


def score(difference: float, won: np.ndarray, lost: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Tango's score (1998, equation 8) of a paired difference: standard normal where the difference is the true one.

    Args:
        difference: -1 to 1.
        won, lost, total: images, float64 of any one shape; they need not be whole.
    """
    b = -won - lost + (2 * total - won + lost) * difference
    c = -lost * difference * (1 - difference)
    share_lost = (np.sqrt(np.maximum(b * b - 8 * total * c, 0.0)) - b) / (4 * total)
    variance = total * (2 * share_lost + difference * (1 - difference))
    return np.asarray((won - lost - total * difference) / np.sqrt(np.maximum(variance, 1e-300)))


def score_interval(won: float, lost: float, total: float) -> Interval:
    """The 95 % score interval of a paired difference (Tango 1998), which holds where few or none change, too.

    The differences that a score test does not reject; it ends at ∓z²/(n + z²) where nothing changes.
    """
    from scipy.optimize import brentq

    counts = np.array(won, float), np.array(lost, float), np.array(total, float)
    seen, edge = (won - lost) / total, 1 - 1e-9

    def above(difference: float) -> float:
        return float(score(difference, *counts))

    low = -1.0 if above(-edge) < Z_95 else brentq(lambda one: above(one) - Z_95, -edge, min(seen, edge))
    high = 1.0 if above(edge) > -Z_95 else brentq(lambda one: above(one) + Z_95, max(seen, -edge), edge)
    return float(low), float(high)


def grouped_interval(won: np.ndarray, lost: np.ndarray, sizes: np.ndarray) -> Interval:
    """The 95 % score interval of as many independent images as these groups are worth.

    With groups of one image it is Tango's. Where nothing changes, whole groups count as one witness each.

    Args:
        won, lost, sizes: images of each group, int64 (groups,).
    """
    per_witness = float(images_per_witness(won, lost, sizes))
    return score_interval(won.sum() / per_witness, lost.sum() / per_witness, sizes.sum() / per_witness)


def images_per_witness(won: np.ndarray, lost: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """How many images say as much as one that is independent of all others.

    The design effect: the variance of the difference by whole groups, over that of independent images. Only groups that
    changed tell it, so it is multiplied by (t / z)², as by Korn and Graubard, who take the degrees of freedom of the
    design; these are Satterthwaite's, of a ratio of sums.

    Args:
        won, lost: images of each group, int64 (..., groups): one or many studies.
        sizes: the same, int64 (groups,).

    Returns:
        float64 (...), at least 1.
    """
    from scipy.stats import t

    total, whole = sizes.sum(), (sizes**2).sum() / sizes.sum()
    sums, changed = won - lost, won + lost
    if len(sizes) == 1:
        return np.full(sums.shape[:-1], float(whole))
    mean = sums.sum(-1, keepdims=True) / total
    # A group pulls the mean towards itself, so its distance is too small by its share of the images.
    by_groups = (sums - mean * sizes) ** 2 / (1 - sizes / total)
    by_images = changed - 2 * mean * sums + mean**2 * sizes
    changed_groups = np.count_nonzero(changed, axis=-1)
    assumed = ASSUMED_IMAGES / (1 + changed_groups)
    above, below = by_groups.sum(-1) + assumed * whole, by_images.sum(-1) + assumed
    ratio = np.maximum(above / below, 1.0)
    rest = by_groups - ratio[..., None] * by_images
    freedom = 2 * above**2 / ((rest**2).sum(-1) + assumed * whole**2)
    # Where nothing changed, whole groups are the most cautious already.
    quantile = np.where(changed_groups > 0, t.ppf(0.975, np.maximum(freedom, 1.0)), Z_95)
    bias = np.maximum((by_images * rest).sum(-1), 0.0) / below**2
    return np.asarray((ratio + BIAS_WEIGHT * bias) * (quantile / Z_95) ** 2)


def bootstrap_interval(won: int, lost: int, total: int) -> Interval:
    """The 95 % percentile bootstrap interval of a paired difference: pairs of answers to images are drawn (Efron 1979).

    Too narrow where few images change, and of no width where none does; `score_interval` is not.
    """
    return _drawn_interval(np.array((1, -1, 0)), np.ones(3, np.int64), np.array((won, lost, total - won - lost)))


def grouped_bootstrap_interval(sums: np.ndarray, sizes: np.ndarray) -> Interval:
    """The same with whole groups drawn.

    Args:
        sums: images won less images lost, int64 (groups,).
        sizes: images, int64 (groups,).
    """
    kinds, counts = np.unique(np.stack((sums, sizes)), axis=1, return_counts=True)
    return _drawn_interval(kinds[0], kinds[1], counts)


def _drawn_interval(sums: np.ndarray, sizes: np.ndarray, counts: np.ndarray) -> Interval:
    """
    Args:
        sums, sizes: of each kind of group.
        counts: groups of each kind.
    """
    drawn = np.random.default_rng(SEED).multinomial(counts.sum(), counts / counts.sum(), DRAWS)
    low, high = np.quantile((drawn @ sums) / (drawn @ sizes), (0.025, 0.975))
    return float(low), float(high)
