"""What a variant's file answers now on its test images, and on its validation images where it has a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.contract.errors import DataError
from engine.contract.progress import Progress
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.accuracy import both_classes, predicted
from engine.measurement.classification import classify
from engine.verification.read_images import ReadImages

BATCH = 64


@dataclass(frozen=True)
class TestedImages:
    """The images that one variant is tested on."""

    paths: tuple[str, ...]
    labels: np.ndarray
    """int64 (images,)."""
    groups: Sequence[str]
    """Of each image, such as its patient; empty: each stands alone."""
    has_groups: bool
    """Whether the groups are known: they are not of images that are gone."""


@dataclass(frozen=True)
class AnsweredImages:
    """One file's answers, computed again."""

    tested: TestedImages
    output: np.ndarray = field(repr=False)
    """float32 (images, classes or 1)."""

    @property
    def predicted(self) -> np.ndarray:
        return predicted(self.output)

    @property
    def probabilities(self) -> np.ndarray:
        return both_classes(self.output)


def labels_of(paths: Sequence[str], found: ReadImages, kept: dict[str, str], classes: Sequence[str]) -> np.ndarray:
    """The class of each image as it lies now, else as the run kept it; int64 (images,).

    Raises:
        DataError: an image is now of a class that the file does not know.
    """
    names = [found.label_of.get(path, kept.get(path, "")) for path in paths]
    unknown = sorted(set(names) - set(classes))
    if unknown:
        raise DataError(
            f'Some test images are now of the class "{unknown[0]}", which the file does not know; its classes are '
            f"{', '.join(classes[:5])}{'…' if len(classes) > 5 else ''}."
        )
    place = {name: at for at, name in enumerate(classes)}
    return np.array([place[name] for name in names], dtype=np.int64)


def answers(model: ShippedModel, paths: Sequence[str], found: ReadImages, progress: Progress) -> np.ndarray:
    """float32 (images, classes or 1).

    Args:
        progress: told (images done, images).

    Raises:
        NutshellError: the file does not run here, or gives no numbers.
    """
    return classify(model.path, _fed(model, paths, found, progress), progress)


def fed_images(model: ShippedModel, paths: Sequence[str], found: ReadImages) -> np.ndarray:
    """As the file is fed them: float32 (images, height, width, channels)."""
    return model.feeding.pipeline().feed(found.pixels(paths, model.feeding.largest_value))


def _fed(model: ShippedModel, paths: Sequence[str], found: ReadImages, progress: Progress) -> Iterator[np.ndarray]:
    for start in range(0, len(paths), BATCH):
        progress.report(start, len(paths))
        yield fed_images(model, paths[start : start + BATCH], found)
    progress.report(len(paths), len(paths))
