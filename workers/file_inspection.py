"""Looks inside a run's files for the window: one image through a compressed file and its baseline. No Qt."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.contract.progress import Progress
from engine.imaging.thumbnail import thumbnail
from engine.inspection.activation_map import ActivationMap, ActivationMaps, map_distance
from engine.inspection.byte_layout import BytesOf, byte_layout
from engine.inspection.compared_files import ComparedFiles
from engine.inspection.feature_maps import FeatureMaps, compare_feature_maps
from engine.inspection.filters import Filters, WeightHistograms, compare_filters, weight_histograms
from engine.inspection.head_gradient import NoActivationMap
from engine.inspection.layer_errors import LayerError, layer_errors
from engine.inspection.moved_maps import MovedMaps, rank_moved_maps
from engine.inspection.observed_file import ObservedFile
from engine.inspection.paired_images import PairedImages, spread_out
from engine.inspection.run_models import InspectedRun
from engine.inspection.unlikeness import TrainingFeatures

SHOWN_PIXELS = 256
ERROR_IMAGES = 16
TRAINING_IMAGES = 200
"""From which is told what images like those of the training are."""
RANKED_IMAGES = 200
"""Test images whose maps are compared at most: some ten seconds for a small network."""


@dataclass(frozen=True)
class FileAnswer:
    """What one file says of an image, and where it looks."""

    name: str
    decided: str
    probability: float
    map: ActivationMap | None
    """Of the class that the baseline decides for."""


@dataclass(frozen=True)
class MapsLook:
    """One image under both files."""

    path: str
    image: np.ndarray
    """uint8 (height, width[, 3])."""
    baseline: FileAnswer
    other: FileAnswer
    distance: float | None
    """Between the two maps, 0 to 1; None where a file has none."""
    note: str
    """Why there is no map; empty where there is."""


@dataclass(frozen=True)
class LayerLook:
    """One layer of both files for that image."""

    features: FeatureMaps | None
    """None where the image cannot be read."""
    filters: Filters
    weights: WeightHistograms


@dataclass(frozen=True)
class LayersFound:
    """The layers of both files, where each errs, and where the bytes lie."""

    names: tuple[str, ...]
    """Of the layers that both files have, in order."""
    said: str
    """What cannot be compared; empty where all can."""
    errors: tuple[LayerError, ...]
    layout: tuple[BytesOf, ...]


class FileInspector:
    """Keeps the files of the last variant open; used by one thread at a time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._run: InspectedRun | None = None
        self._images: PairedImages | None = None
        self._open: tuple[str, ComparedFiles] | None = None
        self._training: dict[str, TrainingFeatures | None] = {}
        """Baseline → the features of its training images."""

    def maps(self, variant: str, path: str, progress: Progress) -> MapsLook:
        """
        Raises:
            DataError: a file or the image cannot be read.
            Cancelled: out of `progress`.
        """
        progress.raise_if_cancelled()
        files, images = self._files(variant), self._fed_images()
        fed = images.pair(path, files.baseline.model, files.other.model)
        progress.raise_if_cancelled()
        decided = files.baseline.decision(fed.baseline)
        note, first, second = "", None, None
        before, after = files.baseline.look_at(fed.baseline), files.other.look_at(fed.other)
        if files.same_classes:
            try:
                first, second = _map(files.baseline, decided), _map(files.other, decided)
            except NoActivationMap as error:
                note = str(error)
        else:
            note = "The two files tell other classes apart, so their maps are not compared."
        return MapsLook(
            path,
            thumbnail(images.decoded(path, files.baseline.model), SHOWN_PIXELS),
            _answer(files.baseline, before, decided, first),
            _answer(files.other, after, files.other.decision(fed.other), second),
            map_distance(first, second) if first and second else None,
            note,
        )

    def layer(self, variant: str, path: str, number: int, progress: Progress) -> LayerLook:
        """The layer at a place among those that both files have.

        Raises:
            DataError: as `maps`.
        """
        progress.raise_if_cancelled()
        files = self._files(variant)
        pair = files.matched.pairs[number]
        features = None
        with contextlib.suppress(DataError):
            fed = self._fed_images().pair(path, files.baseline.model, files.other.model)
            features = compare_feature_maps(files.baseline, files.other, pair, fed.baseline, fed.other)
        return LayerLook(features, compare_filters(pair), weight_histograms(pair))

    def layers(self, variant: str, progress: Progress) -> LayersFound:
        """
        Raises:
            DataError: as `maps`.
        """
        files, images, run = self._files(variant), self._fed_images(), self._opened_run()
        summed = spread_out(run.test_images, ERROR_IMAGES)
        pairs = images.pairs(summed, files.baseline.model, files.other.model)
        said = files.matched.said
        errors: tuple[LayerError, ...] = ()
        try:
            errors = layer_errors(files.baseline, files.other, files.matched, pairs, len(summed), progress)
        except DataError as error:
            said = f"{said} No errors, as the images cannot be read: {error}".strip()
        names = tuple(pair.baseline.name for pair in files.matched.pairs)
        return LayersFound(names, said, errors, byte_layout(files.other.model))

    def moved(self, variant: str, progress: Progress) -> MovedMaps:
        """The test images, those whose map moved farthest although the class stayed first.

        Raises:
            DataError: as `maps`, or the files have no maps.
        """
        files, images, run = self._files(variant), self._fed_images(), self._opened_run()
        if not files.same_classes:
            raise DataError("The two files tell other classes apart, so their maps are not compared.")
        ranked = spread_out(run.test_images, RANKED_IMAGES)
        pairs = images.pairs(ranked, files.baseline.model, files.other.model)
        return rank_moved_maps(files.baseline, files.other, pairs, len(ranked), progress)

    def hint(self, variant: str, path: str, progress: Progress) -> str:
        """That the image is unlike the training images; empty where it is not, or nobody can tell.

        Raises:
            DataError: as `maps`.
            Cancelled: out of `progress`.
        """
        baseline = self._files(variant).baseline
        fed = self._fed_images().fed(path, baseline.model)
        if baseline.name not in self._training:
            some = spread_out(self._opened_run().training_images, TRAINING_IMAGES)
            images = (self._fed_images().fed(one.path, baseline.model) for one in some)
            try:
                self._training[baseline.name] = TrainingFeatures.of(baseline, images, len(some), progress)
            except DataError:
                # An image is gone: then there is no hint.
                self._training[baseline.name] = None
        known = self._training[baseline.name]
        distance = known.distance(baseline, fed) if known is not None else 0.0
        if known is None or not known.is_unlike(distance):
            return ""
        return (
            f"A hint: this image is unlike the training images. By the baseline's features it is {distance:.2f} away; "
            f"99 % of {known.images} training images are within {known.limit:.2f}."
        )

    def _opened_run(self) -> InspectedRun:
        if self._run is None:
            self._run = InspectedRun.open(self._directory)
        return self._run

    def _fed_images(self) -> PairedImages:
        if self._images is None:
            self._images = PairedImages(self._opened_run())
        return self._images

    def _files(self, variant: str) -> ComparedFiles:
        if self._open is None or self._open[0] != variant:
            try:
                model = self._opened_run().model(variant)
            except DataError:
                # It came after the run was opened.
                self._run = InspectedRun.open(self._directory)
                model = self._run.model(variant)
            seen = self._opened_run().seen_by(model)
            if (seen.seed, seen.test_images) != (self._opened_run().seed, self._opened_run().test_images):
                self._images = None
            self._run = seen
            self._open = (variant, ComparedFiles.open(seen, model))
        return self._open[1]


def _map(file: ObservedFile, class_index: int) -> ActivationMap:
    return ActivationMaps(file).of_class(class_index)


def _answer(file: ObservedFile, probabilities: np.ndarray, decided: int, found: ActivationMap | None) -> FileAnswer:
    return FileAnswer(file.name, file.model.classes[decided], float(probabilities[decided]), found)
