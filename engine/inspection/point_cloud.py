"""Each test image as a point: the float file's probability on x, the compressed file's on y (Garifulla et al. 2022,
figure 9)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.inspection.paired_images import PairedImages
from engine.inspection.run_models import InspectedRun, RunModel
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.accuracy import both_classes, predicted
from engine.measurement.classification import classify
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions

BATCH = 32
"""Images that are held at once."""


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


def kept_predictions(run: InspectedRun, names: Collection[str]) -> Predictions | None:
    """What the run kept of the answers of these files to the same images; None where it kept nothing.

    Raises:
        DataError: a file is damaged.
    """
    files = sorted(run.directory.glob(PREDICTIONS_FILE.replace(".", "*.")))
    kept = (Predictions.read(file) for file in files)
    return next((one for one in kept if set(names) <= set(one.variants)), None)


def classified(run: InspectedRun, models: tuple[RunModel, ...], progress: Progress = UNWATCHED) -> Predictions:
    """Let the files classify the run's test images anew.

    Raises:
        DataError: an image cannot be read any more.
        Cancelled: out of `progress`.
    """
    images = PairedImages(run)
    opened = [model.opened() for model in models]
    classes = opened[0].classes
    answers: list[np.ndarray] = []
    for place, (model, shipped) in enumerate(zip(models, opened, strict=True)):
        batches = _batches(run, images, shipped, progress.part(place, len(models)))
        answers.append(classify(model.file, batches, progress))
    labels = np.array([classes.index(image.label) for image in run.test_images], dtype=np.int64)
    return Predictions(
        paths=tuple(image.path for image in run.test_images),
        labels=labels,
        classes=classes,
        variants=tuple(model.name for model in models),
        probabilities=np.stack([both_classes(answer) for answer in answers]),
        predicted=np.stack([predicted(answer) for answer in answers]),
    )


def _batches(run: InspectedRun, images: PairedImages, model: ShippedModel, progress: Progress) -> Iterator[np.ndarray]:
    """The test images as the model is fed them, float32 (images, height, width, channels)."""
    count = len(run.test_images)
    for start in range(0, count, BATCH):
        progress.report(start, count)
        yield np.stack([images.fed(image.path, model) for image in run.test_images[start : start + BATCH]])
    progress.report(count, count)


def point_cloud(predictions: Predictions, baseline: str, other: str) -> PointCloud:
    """The cloud of two variants.

    Raises:
        KeyError: nothing is known of one of the two.
    """
    first, second = predictions.place(baseline), predictions.place(other)
    rows = np.arange(len(predictions.labels))
    two = len(predictions.classes) == 2
    column = np.ones_like(rows) if two else predictions.labels
    return PointCloud(
        predictions.paths,
        f'probability of "{predictions.classes[1]}"' if two else "probability of the true class",
        predictions.probabilities[first, rows, column],
        predictions.probabilities[second, rows, column],
        predictions.predicted[second] == predictions.labels,
        predictions.predicted[second] == predictions.predicted[first],
    )
