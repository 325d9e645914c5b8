"""Times `.tflite` files one image at a time, in turn, so that drift hits all alike. Runs in a clean process."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.measurement.interpreter import ImageClassifier

WARM_UP_RUNS = 5
RUNS_A_TURN = 3
FEWEST_TURNS = 10
MOST_TURNS = 100
SECONDS_A_FILE = 1.5
MOST_SECONDS_A_FILE = 45.0
"""Where FEWEST_TURNS would take longer, fewer have to do, down to LEAST_TURNS."""
LEAST_TURNS = 3
"""An interval of fewer would look more certain than it is."""
BOOTSTRAP_DRAWS = 1000
SEED = 7


@dataclass(frozen=True)
class LatencyFigures:
    """Of one file, against the baseline that was timed with it."""

    p50_ms: float
    p95_ms: float
    ratio: float
    """Median over the turns of this file's time over its baseline's in the same turn; 1 for a baseline."""
    ratio_ci95: tuple[float, float]
    """Bootstrap over the turns."""
    runs: int
    threads: int


def time_in_turn(
    files: Mapping[str, Path],
    threads: int,
    seconds_a_file: float = SECONDS_A_FILE,
    baselines: Mapping[str, str] | None = None,
) -> dict[str, LatencyFigures]:
    """Time all files: in every turn each runs some times on one image, in a shuffled order.

    Args:
        files: name → file.
        threads: of each interpreter.
        seconds_a_file: about how long; between FEWEST_TURNS and MOST_TURNS turns are done, but fewer of a network
            that takes a second and more for one image.
        baselines: name → name of the file that its ratio is taken against; without: the first file.

    Returns:
        Name → figures, in the order given.

    Raises:
        NutshellError: a file is missing or does not run here.
    """
    generator = np.random.default_rng(SEED)
    classifiers = {name: _warm(path, threads, generator) for name, path in files.items()}
    names = list(files)
    turns: dict[str, list[np.ndarray]] = {name: [] for name in names}
    started = time.perf_counter()
    for done in range(MOST_TURNS):
        if time.perf_counter() - started > _budget(done, seconds_a_file) * len(names):
            break
        for place in generator.permutation(len(names)):
            turns[names[place]].append(_turn(classifiers[names[place]]))
    medians = {name: np.array([np.median(turn) for turn in turns[name]]) for name in names}
    figures = {}
    for name in names:
        runs_ms = np.concatenate(turns[name]) * 1e3
        ratios = medians[name] / medians[(baselines or {}).get(name, names[0])]
        figures[name] = LatencyFigures(
            float(np.percentile(runs_ms, 50)),
            float(np.percentile(runs_ms, 95)),
            float(np.median(ratios)),
            median_interval(ratios, generator),
            len(runs_ms),
            threads,
        )
    return figures


def _budget(turns_done: int, seconds_a_file: float) -> float:
    """Seconds a file after which no further turn begins."""
    if turns_done < LEAST_TURNS:
        return math.inf
    return seconds_a_file if turns_done >= FEWEST_TURNS else MOST_SECONDS_A_FILE


def _warm(path: Path, threads: int, generator: np.random.Generator) -> ImageClassifier:
    classifier = ImageClassifier(path, threads)
    classifier.set_image(generator.random(classifier.input_shape, dtype=np.float32))
    for _ in range(WARM_UP_RUNS):
        classifier.invoke()
    return classifier


def _turn(classifier: ImageClassifier) -> np.ndarray:
    """Seconds of each of some runs; the first after another file's turn is not counted, as it finds a cold cache."""
    classifier.invoke()
    seconds = np.empty(RUNS_A_TURN)
    for run in range(RUNS_A_TURN):
        started = time.perf_counter()
        classifier.invoke()
        seconds[run] = time.perf_counter() - started
    return seconds


def median_interval(values: np.ndarray, generator: np.random.Generator) -> tuple[float, float]:
    """95 % percentile interval of the median."""
    drawn = generator.choice(values, (BOOTSTRAP_DRAWS, len(values)))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return float(low), float(high)
