"""Studies of patients whose images change together when a network is compressed, to see how often intervals cover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from engine.measurement.accuracy import Z_95
from engine.measurement.difference_intervals import images_per_witness, score
from engine.measurement.paired_comparison import LEVEL, exchange_p_value

PATIENTS = (20, 30, 40, 60, 100, 300)
UNEQUAL = 0
"""1 to 20 images a patient, most of them few."""
IMAGES_EACH = (1, 2, 5, 10, 20, UNEQUAL)
CHANGED = (0.01, 0.02, 0.05, 0.1, 0.2)
CORRELATIONS = (0.0, 0.1, 0.3, 0.6, 0.9)
DIFFERENCES = (0.0, 0.02, 0.05)


@dataclass(frozen=True)
class Truth:
    """What all studies of a kind have in common."""

    patients: int
    images_each: int
    changed: float
    """Share of the images that one file classifies rightly and the other wrongly."""
    correlation: float
    """Between images of one patient, 0 to 1."""
    difference: float
    """Of the accuracies."""

    @property
    def sizes(self) -> np.ndarray:
        """Images of each patient, int64 (patients,)."""
        if self.images_each != UNEQUAL:
            return np.full(self.patients, self.images_each)
        return np.minimum(np.random.default_rng(self.patients).geometric(0.2, self.patients), 20)

    def drawn(self, studies: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Images won and lost of each patient, int64 (studies, patients): Dirichlet-multinomial.

        The shares of a patient are drawn around those of all, so far that two images correlate as they should.
        """
        generator = np.random.default_rng(seed)
        means = np.array((self.changed + self.difference, self.changed - self.difference, 2 - 2 * self.changed)) / 2
        shape = (studies, self.patients)
        if self.correlation == 0.0:
            shares = np.broadcast_to(means, (*shape, 3))
        else:
            # A share of a sum of gammas; of tiny shapes all three can be 0, and then one of them has everything.
            drawn = generator.standard_gamma(means * (1 / self.correlation - 1), (*shape, 3))
            nothing = drawn.sum(-1) == 0
            drawn[nothing] = np.eye(3)[generator.choice(3, int(nothing.sum()), p=means)]
            shares = drawn / drawn.sum(-1, keepdims=True)
        sizes = np.broadcast_to(self.sizes, shape)
        won = generator.binomial(sizes, np.minimum(shares[..., 0], 1.0))
        rest = np.maximum(shares[..., 1] + shares[..., 2], 1e-300)
        return won, generator.binomial(sizes - won, np.minimum(shares[..., 1] / rest, 1.0))


@dataclass(frozen=True)
class Coverage:
    truth: Truth
    changed_patients: float
    """Mean over the studies."""
    covered: float
    """Share of the studies whose interval has the true difference."""


def coverage(truth: Truth, studies: int, seed: int, with_test: bool = False) -> Coverage:
    """Of the score interval of the images, each as much worth as its patient leaves it.

    Args:
        with_test: include 0 where the exact test does not reject it, as a comparison does; this takes longer.
    """
    won, lost = truth.drawn(studies, seed)
    sizes = truth.sizes
    # A patient of one image each is no group.
    is_grouped = sizes.max() > 1
    each = images_per_witness(won, lost, sizes) if is_grouped else np.ones(studies)
    # What the score test does not reject is in the interval.
    scores = score(truth.difference, won.sum(-1) / each, lost.sum(-1) / each, sizes.sum() / each)
    covered = np.abs(scores) <= Z_95 + 1e-9
    if with_test and is_grouped:
        # An interval that reaches to 0 also has what lies between.
        towards_0 = ~covered & ((scores > 0) | (truth.difference == 0))
        for place in np.flatnonzero(towards_0):
            covered[place] = exchange_p_value(won[place] - lost[place]) > LEVEL
    return Coverage(truth, float(np.count_nonzero(won + lost, axis=-1).mean()), float(covered.mean()))


def whole_grid() -> Iterator[Truth]:
    for patients in PATIENTS:
        for images_each in IMAGES_EACH:
            for changed in CHANGED:
                for correlation in CORRELATIONS if images_each != 1 else (0.0,):
                    for difference in DIFFERENCES:
                        if difference <= changed:
                            yield Truth(patients, images_each, changed, correlation, difference)


def least_coverage(patients: int, changed_patients: float) -> float:
    """Of no difference, by any interval that excludes 0 only where the exact test does.

    Each patient changes with all images, all of them have as many, and each way is as likely: then the test is the sign
    test, whose levels are coarse. With fewer than six changed patients it rejects nothing.

    Args:
        changed_patients: their expected number.
    """
    counts = np.arange(patients + 1)
    of_counts = binom.pmf(counts, patients, changed_patients / patients)
    return float(1 - of_counts @ np.array([_level(int(count)) for count in counts]))


def _level(changed: int) -> float:
    """How often the two-sided exact sign test with p ≤ 0.05 rejects a true hypothesis."""
    tails = 2 * binom.cdf(np.arange(changed // 2 + 1), changed, 0.5)
    return float(max((tail for tail in tails if tail <= 0.05), default=0.0))
