"""How much each layer of a compressed file errs, as a signal-to-noise ratio, the worst first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.inspection.feature_maps import feature_maps
from engine.inspection.observed_file import ObservedFile
from engine.inspection.observed_layers import LayerPair, MatchedLayers
from engine.inspection.paired_images import FedImage


@dataclass(frozen=True)
class LayerError:
    """One layer's error over some images."""

    pair: LayerPair
    output_sqnr_db: float
    """Of the layer's output, what the layers before it got wrong included; inf: no difference."""
    weight_sqnr_db: float
    """Of its kernel alone."""


def sqnr_db(signal: float, noise: float) -> float:
    """10 · log₁₀(Σx² / Σ(x − y)²), from the two sums; inf where nothing differs, −inf where x is all zero and y not."""
    if not noise:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def layer_errors(
    baseline: ObservedFile,
    other: ObservedFile,
    matched: MatchedLayers,
    images: Iterable[FedImage],
    count: int,
    progress: Progress = UNWATCHED,
) -> tuple[LayerError, ...]:
    """The error of each layer whose shape is the same in both files, the worst output first.

    Args:
        count: how many images there are, for `progress`.
    """
    pairs = {number: pair for number, pair in enumerate(matched.pairs) if pair.same_shape}
    sums = {number: [0.0, 0.0] for number in pairs}
    for done, image in enumerate(images):
        progress.report(done, count)
        baseline.look_at(image.baseline)
        other.look_at(image.other)
        for number, pair in pairs.items():
            first = feature_maps(baseline, pair.baseline).astype(np.float64)
            second = feature_maps(other, pair.other).astype(np.float64)
            if first.shape == second.shape:
                sums[number][0] += float((first**2).sum())
                sums[number][1] += float(((first - second) ** 2).sum())
    progress.report(count, count)
    found = [LayerError(pairs[number], sqnr_db(*sums[number]), _weight_sqnr_db(pairs[number])) for number in pairs]
    return tuple(sorted(found, key=lambda error: (error.output_sqnr_db, error.pair.baseline.number)))


def _weight_sqnr_db(pair: LayerPair) -> float:
    first = pair.baseline.kernel.real_values.astype(np.float64)
    second = pair.other.kernel.real_values.astype(np.float64)
    return sqnr_db(float((first**2).sum()), float(((first - second) ** 2).sum()))
