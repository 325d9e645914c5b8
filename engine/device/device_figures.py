"""What a measurement on another device says of each variant, beside what this computer answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import NutshellError
from engine.device.device_results import DeviceModel
from engine.device.kept_results import KeptResults
from engine.inspection.run_models import InspectedRun
from engine.measurement.latency import SEED, median_interval
from engine.store.file_hash import file_hash

MANY_IMAGES = 10_000


@dataclass(frozen=True)
class DifferingImage:
    """A test image to which the file gives another class there than here."""

    index: int
    """Among the images of the bundle, from 0."""
    path: str
    """As the run's files name it."""
    here: int
    """The place of a class."""
    there: int


@dataclass(frozen=True)
class TimeOfImages:
    """Seconds for many images, one after the other."""

    images: int
    seconds: float
    is_measured: bool
    """Else it is scaled from the mean of one."""


@dataclass(frozen=True)
class DeviceLatencyFigures:
    p50_ms: float
    p95_ms: float
    mean_ms: float
    ratio: float | None
    """Over the baseline's in the same rounds; None where that does not run there."""
    ratio_ci95: tuple[float, float] | None
    evaluation: TimeOfImages
    """The whole test set."""
    many: TimeOfImages
    """10,000 images."""


@dataclass(frozen=True)
class DeviceFigures:
    """One variant on one device."""

    variant: str
    error: str
    """Why it does not run there; empty: it does."""
    is_current: bool
    """Whether the run still has the file that was measured."""
    load_ms: float | None
    first_ms: float | None
    peak_memory_bytes: int | None
    latency: Mapping[int, DeviceLatencyFigures]
    """Number of threads → figures, fewest first."""
    images: int
    """Of which the answers were compared."""
    differing: tuple[DifferingImage, ...]
    largest_difference: float
    """Of any output to the one of this computer."""

    @property
    def agreement(self) -> float | None:
        """Share of the images to which it gives the same class as here; None where it does not run there."""
        return 1 - len(self.differing) / self.images if self.images else None


def device_figures(directory: Path, kept: KeptResults) -> tuple[DeviceFigures, ...]:
    """Of each variant that was measured, in the run's order.

    Args:
        directory: of the run.
    """
    digests = _current_digests(directory)
    models = {model.name: model for model in kept.results.models}
    return tuple(
        _figures(model, models, kept, digests.get(model.name) == model.sha256) for model in kept.results.models
    )


def _figures(
    model: DeviceModel, models: Mapping[str, DeviceModel], kept: KeptResults, is_current: bool
) -> DeviceFigures:
    packed = kept.record.packed(model.name)
    assert packed is not None
    baseline = models.get(packed.baseline)
    latency = {
        threads: figures
        for threads in kept.results.threads
        if (figures := _latency(model, baseline, threads, kept, packed.set)) is not None
    }
    answers = model.answers
    paths, here = kept.record.paths[packed.set], kept.record.predicted[model.name]
    there = answers.predicted if answers else ()
    differing = tuple(
        DifferingImage(index, paths[index], here[index], decided)
        for index, decided in enumerate(there)
        if decided != here[index]
    )
    return DeviceFigures(
        model.name,
        model.error,
        is_current,
        model.load_ms,
        model.first_ms,
        model.peak_memory_bytes,
        latency,
        len(there),
        differing,
        answers.largest_difference if answers else 0.0,
    )


def _latency(
    model: DeviceModel, baseline: DeviceModel | None, threads: int, kept: KeptResults, place: int
) -> DeviceLatencyFigures | None:
    timed = model.timed(threads)
    if timed is None:
        return None
    held = baseline.timed(threads) if baseline else None
    ratio, interval = None, None
    if held is not None:
        ratios = _medians(timed.turns_ms) / _medians(held.turns_ms)
        ratio, interval = float(np.median(ratios)), median_interval(ratios, np.random.default_rng(SEED))
    count = kept.record.manifest.image_sets[place].evaluation_images
    evaluation = TimeOfImages(count, timed.mean_ms * count / 1e3, is_measured=False)
    if threads == 1 and model.answers and model.answers.images == count:
        evaluation = TimeOfImages(count, model.answers.seconds, is_measured=True)
    many = TimeOfImages(MANY_IMAGES, timed.mean_ms * MANY_IMAGES / 1e3, is_measured=False)
    return DeviceLatencyFigures(timed.p50_ms, timed.p95_ms, timed.mean_ms, ratio, interval, evaluation, many)


def _medians(turns: tuple[tuple[float, ...], ...]) -> np.ndarray:
    return np.array([np.median(turn) for turn in turns])


def _current_digests(directory: Path) -> dict[str, str]:
    """Variant → the hash of its file as it is now."""
    found = {}
    try:
        models = InspectedRun.open(directory, directory.parent.parent).models
    except NutshellError:
        return {}
    for model in models:
        try:
            found[model.name] = file_hash(model.file)
        except OSError:
            continue
    return found
