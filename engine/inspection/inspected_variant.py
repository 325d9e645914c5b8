"""One compressed file beside its float baseline: all that its pictures are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from engine.contract.progress import UNWATCHED, Progress
from engine.inspection.activation_map import ActivationMap, ActivationMaps, map_distance
from engine.inspection.byte_layout import BytesOf, byte_layout
from engine.inspection.compared_files import ComparedFiles
from engine.inspection.feature_maps import FeatureMaps, compare_feature_maps
from engine.inspection.head_gradient import NoActivationMap
from engine.inspection.inspection_record import (
    InspectedBytes,
    InspectedLayer,
    InspectedMaps,
    InspectedMove,
    InspectedMoves,
    InspectedVariant,
)
from engine.inspection.layer_errors import LayerError, layer_errors
from engine.inspection.moved_maps import MovedMaps, rank_moved_maps
from engine.inspection.observed_layers import MatchedLayers
from engine.inspection.paired_images import FedImage, PairedImages, spread_out
from engine.inspection.run_models import InspectedRun, RunModel

ERROR_IMAGES = 16
"""Test images over which a layer's error is summed."""
RANKED_IMAGES = 400
"""Test images whose activation maps are compared at most."""
LISTED_MOVES = 20


@dataclass(frozen=True)
class VariantFindings:
    """What was found of one variant, for one image and over the test images."""

    record: InspectedVariant
    """As `inspection.json` has it."""
    feature_maps: tuple[FeatureMaps, ...] = field(repr=False)
    """Of the first and the last convolution."""
    maps: tuple[ActivationMap, ActivationMap] | None = field(repr=False)
    """The baseline's and the variant's, of the class that the baseline decides for."""
    moved: MovedMaps | None = field(repr=False)
    errors: tuple[LayerError, ...] = field(repr=False)
    layout: tuple[BytesOf, ...] = field(repr=False)


def inspect_variant(
    run: InspectedRun,
    variant: RunModel,
    files: ComparedFiles,
    images: PairedImages,
    image: str,
    progress: Progress = UNWATCHED,
) -> VariantFindings:
    """Look inside one variant.

    Args:
        image: the chosen image's path, as the run's split table has it, or a file.

    Raises:
        DataError: an image cannot be read.
        Cancelled: out of `progress`.
    """
    baseline, other, matched = files.baseline, files.other, files.matched
    notes = [matched.said] if matched.said else []
    fed = images.pair(image, baseline.model, other.model)
    shown = tuple(compare_feature_maps(baseline, other, pair, fed.baseline, fed.other) for pair in files.first_and_last)
    maps = moved = None
    ranked, summed = (spread_out(run.test_images, most) for most in (RANKED_IMAGES, ERROR_IMAGES))
    errors: tuple[LayerError, ...] = ()
    if not files.same_classes:
        notes.append("It tells other classes apart than its baseline, so their activation maps are not compared.")
    else:
        try:
            maps = _maps(files, fed)
            progress.phase(f"{variant.name}: comparing activation maps")
            pairs = images.pairs(ranked, baseline.model, other.model)
            moved = rank_moved_maps(baseline, other, pairs, len(ranked), progress)
        except NoActivationMap as error:
            notes.append(str(error))
    if summed:
        progress.phase(f"{variant.name}: summing the error of each layer")
        pairs = images.pairs(summed, baseline.model, other.model)
        errors = layer_errors(baseline, other, matched, pairs, len(summed), progress)
    else:
        notes.append("The run's folder has no table of test images, so nothing is summed over them.")
    layout = byte_layout(other.model)
    answers = (baseline.look_at(fed.baseline), other.look_at(fed.other))
    decided = (baseline.decision(fed.baseline), other.decision(fed.other))
    record = InspectedVariant(
        name=variant.name,
        file=variant.file.relative_to(run.directory).as_posix(),
        baseline=variant.baseline,
        classes=other.model.classes,
        decision=other.model.classes[decided[1]],
        probabilities=tuple(map(float, answers[1])),
        baseline_decision=baseline.model.classes[decided[0]],
        baseline_probabilities=tuple(map(float, answers[0])),
        matched_by=matched.by,
        unmatched=(*matched.only_baseline, *matched.only_other),
        layers=_layers(matched, errors),
        worst_first=tuple(error.pair.baseline.number for error in errors),
        error_images=len(summed),
        model_bytes=sum(part.raw_bytes for part in layout),
        zipped_bytes=sum(part.zipped_bytes for part in layout),
        bytes=tuple(
            InspectedBytes(name=part.name, kind=part.kind, raw_bytes=part.raw_bytes, zipped_bytes=part.zipped_bytes)
            for part in layout
        ),
        activation_maps=_maps_record(files, maps),
        moved_maps=_moves_record(files, moved),
        notes=tuple(notes),
    )
    return VariantFindings(record, shown, maps, moved, errors, layout)


def _maps(files: ComparedFiles, fed: FedImage) -> tuple[ActivationMap, ActivationMap]:
    decided = files.baseline.decision(fed.baseline)
    files.other.look_at(fed.other)
    return ActivationMaps(files.baseline).of_class(decided), ActivationMaps(files.other).of_class(decided)


def _layers(matched: MatchedLayers, errors: tuple[LayerError, ...]) -> tuple[InspectedLayer, ...]:
    found = {error.pair.baseline.number: error for error in errors}
    rows = []
    for pair in matched.pairs:
        error = found.get(pair.baseline.number)
        weights, outputs = (error.weight_sqnr_db, error.output_sqnr_db) if error else (math.nan, math.nan)
        rows.append(
            InspectedLayer(
                number=pair.baseline.number,
                name=pair.baseline.name,
                kind=pair.other.kind,
                kernel_shape=pair.other.kernel.values.shape,
                weight_dtype=pair.other.kernel.dtype,
                activation=pair.other.activation,
                weight_sqnr_db=weights if math.isfinite(weights) else None,
                output_sqnr_db=outputs if math.isfinite(outputs) else None,
                comparable=error is not None,
                weights_equal=weights == math.inf,
                outputs_equal=outputs == math.inf,
            )
        )
    return tuple(rows)


def _maps_record(files: ComparedFiles, maps: tuple[ActivationMap, ActivationMap] | None) -> InspectedMaps | None:
    if maps is None:
        return None
    first, second = maps
    return InspectedMaps(
        method=first.method,
        class_name=files.baseline.model.classes[first.class_index],
        baseline=_rows(first.values),
        other=_rows(second.values),
        distance=map_distance(first, second),
    )


def _moves_record(files: ComparedFiles, moved: MovedMaps | None) -> InspectedMoves | None:
    if moved is None or not moved.ranked:
        return None
    classes = files.baseline.model.classes
    with_map = [(one, one.distance) for one in moved.stayed if one.distance is not None]
    return InspectedMoves(
        images=len(moved.ranked),
        changed=len(moved.ranked) - len(moved.stayed),
        without_map=len(moved.stayed) - len(with_map),
        mean_distance=moved.mean_distance,
        farthest=tuple(
            InspectedMove(path=one.path, class_name=classes[one.decided], distance=distance)
            for one, distance in with_map[:LISTED_MOVES]
        ),
    )


def _rows(values: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(map(float, row)) for row in values)
