"""How often the interval over seeds that share their test images has the true mean, in simulated studies.

`pytest --slow tests/engine/measurement/test_repeated_coverage.py -k covers -s` prints the rows of the table in
`resources/docs/measuring.md`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pytest

from engine.measurement.accuracy import wilson_interval
from engine.measurement.difference_intervals import score_interval
from engine.measurement.repeated_scores import OneInterval, Repetition, repeated_score

STUDIES = 300
MANY = 4_000


def of_accuracies(mean: float, plus: int, minus: int, witnesses: int) -> tuple[float, float]:
    return wilson_interval(round(mean * witnesses), witnesses)


def of_differences(mean: float, plus: int, minus: int, witnesses: int) -> tuple[float, float]:
    return score_interval(plus, minus, witnesses)


class KindOfStudy(Protocol):
    """New seeds and new images in every study; the truth is the mean over both."""

    @property
    @abstractmethod
    def interval(self) -> OneInterval: ...

    @abstractmethod
    def truth(self) -> float: ...

    @abstractmethod
    def groups(self) -> Sequence[str]: ...

    @abstractmethod
    def scores(self, generator: np.random.Generator) -> np.ndarray:
        """(seeds, images)."""


def _patients(sizes: Sequence[int]) -> list[str]:
    return [f"patient {place}" for place in np.repeat(np.arange(len(sizes)), sizes).tolist()]


@dataclass(frozen=True)
class Accuracy(KindOfStudy):
    """Some seeds are better, and some images, or patients, are harder: normal effects on the logit."""

    seed_effect: float
    image_effect: float
    seeds: int = 5
    sizes: tuple[int, ...] = (1,) * 200
    """Images of each patient."""

    interval = staticmethod(of_accuracies)

    def truth(self) -> float:
        spread = np.hypot(self.seed_effect, self.image_effect)
        logits = 1.0 + spread * np.random.default_rng(12).normal(size=2_000_000)
        return float((1 / (1 + np.exp(-logits))).mean())

    def groups(self) -> Sequence[str]:
        return _patients(self.sizes) if max(self.sizes) > 1 else ()

    def scores(self, generator: np.random.Generator) -> np.ndarray:
        of_image = np.repeat(generator.normal(size=len(self.sizes)), self.sizes)
        logits = 1.0 + self.seed_effect * generator.normal(size=(self.seeds, 1)) + self.image_effect * of_image
        return (generator.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(int)


@dataclass(frozen=True)
class OneClassOnly(KindOfStudy):
    """Against baselines of accuracy 0.6, a chain whose every network predicts one class of two, whichever by seed."""

    shared: float
    """Of the baselines' answers, by all seeds."""
    seeds: int = 3
    sizes: tuple[int, ...] = (1,) * 108
    is_recall: bool = False
    """All test images are of one class."""

    interval = staticmethod(of_differences)

    def truth(self) -> float:
        return 0.5 - 0.6

    def groups(self) -> Sequence[str]:
        return _patients(self.sizes) if max(self.sizes) > 1 else ()

    def scores(self, generator: np.random.Generator) -> np.ndarray:
        count = len(self.sizes)
        common, is_common = generator.random(count) < 0.6, generator.random(count) < self.shared
        own = generator.random((self.seeds, count)) < 0.6
        baselines = np.repeat(np.where(is_common, common, own), self.sizes, axis=1).astype(int)
        images = sum(self.sizes)
        label = np.arange(images) >= (0 if self.is_recall else images // 2)
        return (label == generator.integers(2, size=(self.seeds, 1))) - baselines


@dataclass(frozen=True)
class Recall(KindOfStudy):
    """Of one class: images, or whole patients, that a chain loses and wins against its baseline."""

    lost: float
    won: float
    shared: float
    """Of the images, those that all seeds lose, win or keep alike."""
    seeds: int = 3
    sizes: tuple[int, ...] = (1,) * 54

    interval = staticmethod(of_differences)

    def truth(self) -> float:
        return self.won - self.lost

    def groups(self) -> Sequence[str]:
        return _patients(self.sizes) if max(self.sizes) > 1 else ()

    def scores(self, generator: np.random.Generator) -> np.ndarray:
        count = len(self.sizes)
        draw = np.where(
            generator.random(count) < self.shared, generator.random(count), generator.random((self.seeds, count))
        )
        changed = (draw > 1 - self.won).astype(int) - (draw < self.lost)
        return np.repeat(changed, self.sizes, axis=1)


UNEQUAL = (1, 2, 3, 4, 5) * 8
KINDS = {
    "accuracy, 5 seeds, equally good; 200 images": Accuracy(0.0, 1.0),
    "accuracy, 5 seeds, a little apart; 200 images": Accuracy(0.3, 1.0),
    "accuracy, 5 seeds, far apart; 200 images": Accuracy(0.6, 0.3),
    "accuracy, 5 seeds, far apart; 40 patients of 1 to 5 images": Accuracy(0.6, 0.3, sizes=UNEQUAL),
    "accuracy, 3 seeds, a little apart; 36 patients of 3 images": Accuracy(0.3, 1.0, seeds=3, sizes=(3,) * 36),
    "one class only, baselines share 100 %; 108 images": OneClassOnly(1.0),
    "one class only, baselines share 80 %; 108 images": OneClassOnly(0.8),
    "one class only, baselines share 50 %; 108 images": OneClassOnly(0.5),
    "one class only, baselines share 0 %; 108 images": OneClassOnly(0.0),
    "one class only, baselines share 100 %; 36 patients of 3 images": OneClassOnly(1.0, sizes=(3,) * 36),
    "one class only, baselines share 100 %; 12 patients of 9 images": OneClassOnly(1.0, sizes=(9,) * 12),
    "one class only, baselines share 50 %; 12 patients of 9 images": OneClassOnly(0.5, sizes=(9,) * 12),
    "recall, seeds share 100 %; 54 images": Recall(0.2, 0.05, 1.0),
    "recall, seeds share 50 %; 54 images": Recall(0.2, 0.05, 0.5),
    "recall, seeds share 0 %; 54 images": Recall(0.2, 0.05, 0.0),
    "recall, seeds share 100 %; 40 patients of 1 to 5 images": Recall(0.2, 0.05, 1.0, sizes=UNEQUAL),
    "recall, seeds share 80 %; 40 patients of 1 to 5 images": Recall(0.2, 0.05, 0.8, sizes=UNEQUAL),
}
BOTH_SIDED = ("accuracy, 5 seeds, a little apart; 200 images", "accuracy, 5 seeds, far apart; 200 images")
"""Where seeds differ by more than chance, the interval is not too wide either."""


@pytest.mark.parametrize("studies", [STUDIES, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KINDS)
def test_the_crossed_interval_covers(name: str, studies: int) -> None:
    covered = _covered(KINDS[name], studies)
    print(f"\n| {name} | {covered:.3f} |")
    noise = 2 * (0.05 * 0.95 / studies) ** 0.5
    assert 0.93 - noise <= covered <= (0.97 + noise if name in BOTH_SIDED else 1.0)


@pytest.mark.parametrize("studies", [STUDIES, pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("seeds", [3, 5])
def test_the_crossed_interval_covers_unless_all_seeds_agree(seeds: int, studies: int) -> None:
    """Half of all networks give the class up: where those of a study all do, or none, nothing tells of the others."""
    covered = _covered(OneClassOnly(1.0, seeds, (1,) * 54, is_recall=True), studies)
    print(f"\n| recall of a class that half of the networks give up, {seeds} seeds; 54 images | {covered:.3f} |")
    at_best = 1 - 2 * 0.5**seeds
    noise = 2 * (at_best * (1 - at_best) / studies) ** 0.5
    assert min(0.93, at_best) - noise <= covered <= at_best + noise


def _covered(kind: KindOfStudy, studies: int) -> float:
    generator = np.random.default_rng(11)
    truth, groups = kind.truth(), kind.groups()
    bounds = (0.0, 1.0) if truth > 0 else (-1.0, 1.0)
    covered = 0
    for _ in range(studies):
        repetitions = [Repetition(one, "all", groups, 800) for one in kind.scores(generator)]
        low, high = repeated_score(repetitions, kind.interval, bounds)[0].ci95 or (0.0, 0.0)
        covered += low <= truth <= high
    return covered / studies
