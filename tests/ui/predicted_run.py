"""A run with predictions of drawn hearts: real figures, a real file of predictions, images that can be drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import VariantMeasured
from engine.contract.measurements import VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.measurement.figures_per_class import at_threshold, chosen_threshold, prediction_figures
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions
from tests.ui.study_events import variant
from ui.shown_run import ShownRun

CLASSES = ("normal", "sick")


def predictions(names: Sequence[str], images: int, seed: int = 3) -> Predictions:
    """Of files that differ the more, the later they stand."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, images)
    score = generator.normal(size=images) * 1.5 + np.where(labels == 1, 2.0, -2.0)
    scores = np.stack([score + generator.normal(size=images) * 0.8 * place for place in range(len(names))])
    second = (1 / (1 + np.exp(-scores))).astype(np.float32)
    probabilities = np.stack([1 - second, second], axis=2)
    paths = tuple(f"phantom/{CLASSES[label]}/{number:06d}" for number, label in enumerate(labels))
    return Predictions(paths, labels, CLASSES, tuple(names), probabilities, probabilities.argmax(axis=2))


def measured(kept: Predictions, name: str) -> VariantMeasurement:
    """A variant with the figures of its predictions."""
    place = kept.place(name)
    probabilities = kept.probabilities[place]
    threshold = chosen_threshold(kept.labels, probabilities, CLASSES)
    assert threshold is not None
    return variant(
        name,
        **prediction_figures(kept.labels, kept.predicted[place], probabilities, CLASSES),
        accuracy=float(np.mean(kept.predicted[place] == kept.labels)),
        threshold=at_threshold(threshold, kept.labels, probabilities),
        predictions=PREDICTIONS_FILE,
    )


def predicted_run(directory: Path, names: Sequence[str], images: int = 60) -> tuple[ShownRun, Predictions]:
    """The run in a directory, all of its variants measured."""
    kept = predictions(names, images)
    recipe = Recipe(name="hearts", dataset=DatasetSettings(limit_per_class=images))
    (directory / "recipe.toml").write_text(recipe_text(recipe), encoding="utf-8")
    kept.write(directory / PREDICTIONS_FILE)
    state = ShownRun(directory)
    state.apply_all(VariantMeasured(stage=name, variant=measured(kept, name)) for name in names)
    return state, kept
