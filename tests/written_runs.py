"""Runs on disk as the engine leaves them, with predictions that a test chooses: for comparing without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.events import (
    EngineEvent,
    RunFinished,
    RunStarted,
    TrialFinished,
    VariantMeasured,
    event_line,
)
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.measurement.accuracy import wilson_interval
from engine.measurement.paired_comparison import paired_comparison
from engine.store.event_file import EventFile
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions
from tests.ui.study_events import result, variant

CLASSES = ("benign", "malignant")
IMAGES = 60


def write_run(
    runs: Path,
    name: str,
    wrong: Mapping[str, Sequence[int]],
    recipe: Recipe | None = None,
    images: Sequence[int] = range(IMAGES),
    classes: tuple[str, ...] = CLASSES,
    keeps_contents: bool = True,
    finished: bool = True,
    groups: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    **figures: Any,
) -> Path:
    """A run's folder: recipe, events and predictions.

    Args:
        wrong: variant → which of its test images it classifies wrongly, by their place; the first is the baseline.
        images: the number of each test image: what it contains, its path and, by its parity, its class.
        settings: of the first trial of a search, which the variants are of; None: they are of none.
        figures: of every variant.
    """
    directory = runs / "runs" / name
    directory.mkdir(parents=True)
    (directory / "recipe.toml").write_text(recipe_text(recipe or Recipe(name=name)), encoding="utf-8")
    labels = np.array([number % 2 for number in images], dtype=np.int64)
    predicted = np.stack([np.where(np.isin(np.arange(len(labels)), own), 1 - labels, labels) for own in wrong.values()])
    kept = Predictions(
        tuple(f"images/{number:03d}.png" for number in images),
        labels,
        classes,
        tuple(wrong),
        np.eye(len(classes), dtype=np.float32)[predicted],
        predicted,
    )
    if keeps_contents:
        digests = "".join(f"{path},{number:032x}\n" for path, number in zip(kept.paths, images, strict=True))
        (directory / "pixels.csv").write_text(f"path,digest\n{digests}")
    kept.write(directory / PREDICTIONS_FILE)
    figures |= {} if settings is None else {"trial": 1}
    variants = tuple(_variant(one, kept, groups, **figures) for one in wrong)
    events: list[EngineEvent] = [RunStarted(run=name, directory=str(directory), name=name, recipe="", stages=())]
    events += [VariantMeasured(stage="s", variant=one) for one in variants]
    if settings is not None:
        trial = TrialFinished(trial=1, trials=1, state="done", settings=dict(settings), values={}, front=(1,))
        events.append(trial)
    if finished:
        events.append(RunFinished(result=result(directory).model_copy(update={"variants": variants}), seconds=1.0))
    with EventFile(directory / "events.jsonl") as log:
        for event in events:
            log.append(event_line(event))
    return directory


def _variant(name: str, kept: Predictions, groups: Sequence[str], **figures: Any) -> VariantMeasurement:
    answers = kept.predicted[kept.place(name)]
    right = int((answers == kept.labels).sum())
    first = kept.variants[0]
    own = {
        "accuracy": right / len(kept.labels),
        "accuracy_ci95": wilson_interval(right, len(kept.labels)),
        "predictions": PREDICTIONS_FILE,
        "paired": None if name == first else paired_comparison(kept.labels, kept.predicted[0], answers, groups, first),
    }
    if name == first:
        own |= {"latency_ratio": 1.0, "latency_ratio_ci95": (1.0, 1.0), "agreement": 1.0}
    return variant(name, **(own | figures))
