"""Each test image as a point: the float file's probability on x, the compressed file's on y (Garifulla et al. 2022,
figure 9)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.contract.errors import DataError
from engine.contract.progress import UNWATCHED, Progress
from engine.inspection.run_images import RunImages
from engine.inspection.run_models import InspectedRun, RunModel
from engine.inspection.shipped_model import ShippedModel, both_classes
from engine.measurement.accuracy import decisions
from engine.measurement.classification import classify

PREDICTIONS = "predictions.npz"
BATCH = 32
"""Images that are held at once."""


@dataclass(frozen=True)
class Predictions:
    """What the run's files answered on its test images."""

    paths: tuple[str, ...]
    labels: np.ndarray
    """int64 (images,): indices into `classes`."""
    classes: tuple[str, ...]
    probabilities: Mapping[str, np.ndarray] = field(repr=False)
    """Variant → float32 (images, classes)."""


@dataclass(frozen=True)
class PointCloud:
    """One point per test image."""

    paths: tuple[str, ...]
    of: str
    """Which probability: of the second class where there are two, else of each image's true class."""
    baseline: np.ndarray = field(repr=False)
    """float32 (images,), x."""
    other: np.ndarray = field(repr=False)
    """float32 (images,), y."""
    right: np.ndarray = field(repr=False)
    """bool (images,): whether the compressed file decides for the true class."""
    stayed: np.ndarray = field(repr=False)
    """bool (images,): whether both files decide alike."""


def kept_predictions(run: InspectedRun) -> Predictions | None:
    """What the run kept in `predictions.npz`; None where it kept nothing.

    Raises:
        DataError: the file is damaged.
    """
    file = run.directory / PREDICTIONS
    if not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as kept:
            variants, probabilities = kept["variants"], kept["probabilities"]
            labels = kept["labels"].astype(np.int64)
            found = {str(name): rows.astype(np.float32) for name, rows in zip(variants, probabilities, strict=True)}
            paths, classes = (tuple(map(str, kept[name])) for name in ("paths", "classes"))
        if any(rows.shape != (len(paths), len(classes)) for rows in found.values()) or len(labels) != len(paths):
            raise ValueError("its arrays do not fit together")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{file} cannot be read ({error}); run the recipe again.") from None
    return Predictions(paths, labels, classes, found)


def classified(run: InspectedRun, models: tuple[RunModel, ...], progress: Progress = UNWATCHED) -> Predictions:
    """Let the files classify the run's test images anew.

    Raises:
        DataError: an image cannot be read any more.
        Cancelled: out of `progress`.
    """
    images = RunImages(run)
    opened = [model.opened() for model in models]
    classes = opened[0].classes
    found: dict[str, np.ndarray] = {}
    for place, (model, shipped) in enumerate(zip(models, opened, strict=True)):
        batches = _batches(run, images, shipped, progress.part(place, len(models)))
        found[model.name] = both_classes(classify(model.file, batches, progress))
    labels = np.array([classes.index(image.label) for image in run.test_images], dtype=np.int64)
    return Predictions(tuple(image.path for image in run.test_images), labels, classes, found)


def _batches(run: InspectedRun, images: RunImages, model: ShippedModel, progress: Progress) -> Iterator[np.ndarray]:
    """The test images as the model is fed them, float32 (images, height, width, channels)."""
    count = len(run.test_images)
    for start in range(0, count, BATCH):
        progress.report(start, count)
        yield np.stack([images.fed(image.path, model) for image in run.test_images[start : start + BATCH]])
    progress.report(count, count)


def point_cloud(predictions: Predictions, baseline: str, other: str, sigmoid: bool) -> PointCloud:
    """The cloud of two variants of `predictions`.

    Args:
        sigmoid: whether the files have one output, whose 0.5 is the second class's, as accuracy is counted.
    """
    first, second = predictions.probabilities[baseline], predictions.probabilities[other]
    rows = np.arange(len(predictions.labels))
    two = len(predictions.classes) == 2
    column = np.ones_like(rows) if two else predictions.labels
    decided = _decided(second, sigmoid)
    return PointCloud(
        predictions.paths,
        f'probability of "{predictions.classes[1]}"' if two else "probability of the true class",
        first[rows, column],
        second[rows, column],
        decided == predictions.labels,
        decided == _decided(first, sigmoid),
    )


def _decided(probabilities: np.ndarray, sigmoid: bool) -> np.ndarray:
    return decisions(probabilities[:, 1:] if sigmoid else probabilities)
