"""Figures of a chain over the repetitions of a study: mean, deviation, and an interval that is honest about both
sources of chance, the seeds and the test images.

A repetition gives each of its test images a score: 1 and 0 for right and wrong, or their difference to the baseline's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf
from typing import Protocol

import numpy as np

from engine.contract.repeated_results import RepeatedFigure
from engine.measurement.accuracy import Z_95

FEW_CHANGED = 6
"""Where fewer images, or groups, score otherwise than most do, the deviation says too little: then the interval of one
repetition is the least."""
LEAST_P = 1e-30
"""Smaller p values are not told."""

Bounds = tuple[float, float]


class OneInterval(Protocol):
    """The 95 % interval of a mean score in one repetition, by how many witnesses there are: images, or groups."""

    def __call__(self, mean: float, plus: int, minus: int, witnesses: int) -> Bounds:
        """
        Args:
            plus, minus: witnesses that score, or whose images together score, above and below 0.
        """


@dataclass(frozen=True)
class Repetition:
    """What one network scores."""

    scores: np.ndarray
    """(images,), -1 to 1."""
    images: str
    """What tells its test images from those of other repetitions."""
    groups: Sequence[str]
    """Of each image, such as its patient; "": it stands alone. Empty: all do."""
    train_images: int


@dataclass(frozen=True)
class _Spread:
    """Variances of the mean by independent sources of chance, each with its degrees of freedom."""

    sources: tuple[tuple[float, float], ...]
    floors: tuple[tuple[float, float], ...] = ()
    """The whole is taken for no less than each of these alone would be."""

    def half_width(self, level: float) -> float:
        """Of the interval that misses the true mean at this level, 0 to 1: each source has its own Student quantile
        (Cochran and Cox 1957, and Howe 1974), so that few seeds do not make many images uncertain."""
        from scipy.special import stdtrit

        def square(source: tuple[float, float]) -> float:
            variance, freedom = source
            return float(stdtrit(freedom, level / 2)) ** 2 * variance

        return max(sum(map(square, self.sources)), *map(square, self.floors), 0.0) ** 0.5

    def p_value(self, mean: float) -> float:
        """Two-sided: the level at which the interval ends at 0."""
        from scipy.optimize import brentq

        if mean == 0.0 or not self.half_width(0.05):
            return 1.0
        if self.half_width(LEAST_P) <= abs(mean):
            return LEAST_P
        return math.exp(brentq(lambda log: self.half_width(math.exp(log)) - abs(mean), math.log(LEAST_P), 0.0))


def repeated_score(
    repetitions: Sequence[Repetition], one_interval: OneInterval, bounds: Bounds = (-1.0, 1.0)
) -> tuple[RepeatedFigure, float]:
    """The mean score, and the two-sided p value that it is 0; NaN where there is one repetition only.

    Of the same test images in each repetition, images and seeds are two crossed random effects, as readers and cases
    are (Dorfman, Berbaum and Metz 1992), each with its own degrees of freedom; the interval is never narrower than what
    other images leave open for just these networks. Of other images in each, the t interval over repetitions with the
    variance of Nadeau and Bengio (2003): their training images overlap.

    Args:
        one_interval: of one repetition; of groups, what whole groups leave open.
        bounds: between which a mean score can be.
    """
    values = tuple(float(one.scores.mean()) for one in repetitions)
    mean, count = float(np.mean(values)), len(values)
    witnesses = [_witnesses(one) for one in repetitions]
    counts = [(int(np.sum(one > 0)), int(np.sum(one < 0)), len(one) - _most_alike(one), len(one)) for one in witnesses]
    plus, minus, changed, number = (round(float(count)) for count in np.mean(counts, axis=0))
    least = one_interval(mean, plus, minus, number)
    if count == 1:
        return RepeatedFigure(mean=mean, deviation=None, ci95=least, values=values), float("nan")
    spread = _crossed(repetitions) if _is_crossed(repetitions) else _resampled(repetitions)
    half = spread.half_width(0.05)
    low, high = max(mean - half, bounds[0]), min(mean + half, bounds[1])
    if changed < FEW_CHANGED:
        low, high = min(low, least[0]), max(high, least[1])
        # So p and the interval agree on 0.
        towards_zero = max(mean - least[0] if mean > 0 else least[1] - mean, 0.0)
        spread = replace(spread, floors=(*spread.floors, ((towards_zero / Z_95) ** 2, inf)))
    figure = RepeatedFigure(mean=mean, deviation=float(np.std(values, ddof=1)), ci95=(low, high), values=values)
    return figure, spread.p_value(mean)


def repeated_figure(values: Sequence[float], bounds: Bounds = (0.0, inf), has_interval: bool = True) -> RepeatedFigure:
    """Of a figure that no image speaks of, such as a latency: Student's interval over the repetitions.

    Args:
        bounds: between which the figure can be.
        has_interval: whether the repetitions alone tell one.
    """
    from scipy.stats import t

    mean, count = float(np.mean(values)), len(values)
    if count == 1:
        return RepeatedFigure(mean=mean, deviation=None, ci95=None, values=tuple(values))
    deviation = float(np.std(values, ddof=1))
    if not has_interval:
        return RepeatedFigure(mean=mean, deviation=deviation, ci95=None, values=tuple(values))
    half = float(t.ppf(0.975, count - 1)) * deviation / count**0.5
    interval = (max(mean - half, bounds[0]), min(mean + half, bounds[1]))
    return RepeatedFigure(mean=mean, deviation=deviation, ci95=interval, values=tuple(values))


def _witnesses(one: Repetition) -> np.ndarray:
    """The score of each image, or the sum of each group's."""
    return _summed(one.scores, one.groups) if any(one.groups) else one.scores


def _summed(values: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """Of each group the sum of its images' values."""
    keys = [group or f"\0{place}" for place, group in enumerate(groups)]
    _, places = np.unique(np.array(keys), return_inverse=True)
    return np.bincount(places, values)


def _most_alike(scores: np.ndarray) -> int:
    """How many have the score that most have."""
    return int(np.unique(scores, return_counts=True)[1].max())


def _is_crossed(repetitions: Sequence[Repetition]) -> bool:
    return all(one.images == other.images for one, other in pairwise(repetitions))


def _crossed(repetitions: Sequence[Repetition]) -> _Spread:
    scores = np.stack([one.scores for one in repetitions]).astype(np.float64)
    seeds, images = scores.shape
    mean, of_seed, of_image = scores.mean(), scores.mean(axis=1), scores.mean(axis=0)
    rest = scores - of_seed[:, None] - of_image + mean
    of_rest = float((rest**2).sum()) / max((seeds - 1) * (images - 1), 1) / (seeds * images)
    by_seeds = float(of_seed.var(ddof=1)) / seeds
    by_images, witnesses = _of_images(of_image - mean, repetitions[0].groups)
    freedom = float(max(witnesses - 1, 1))
    # The rest is in both. What other images leave open for just these networks is the least: the means of seeds can
    # agree although their answers do not, as those of networks that each predict one class only.
    sources = ((by_seeds, float(seeds - 1)), (max(by_images - of_rest, 0.0), freedom))
    return _Spread(sources, floors=((by_images, freedom),))


def _of_images(residuals: np.ndarray, groups: Sequence[str]) -> tuple[float, int]:
    """The variance of the mean by the images, whole groups at a time, and how many groups there are."""
    sums = _summed(residuals, groups) if any(groups) else residuals
    count = len(sums)
    return float((sums**2).sum()) / len(residuals) ** 2 * count / max(count - 1, 1), count


def _resampled(repetitions: Sequence[Repetition]) -> _Spread:
    values = np.array([one.scores.mean() for one in repetitions])
    overlap = float(np.mean([len(one.scores) / max(one.train_images, 1) for one in repetitions]))
    variance = float(values.var(ddof=1)) * (1 / len(values) + overlap)
    # Equal means by chance: the images alone give this much, even if no two repetitions shared any.
    by_images = np.mean([_of_images(one.scores - one.scores.mean(), one.groups)[0] for one in repetitions])
    return _Spread(((max(variance, float(by_images) / len(values)), float(len(values) - 1)),))
