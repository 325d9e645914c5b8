"""A run that sweeps its epochs, and one that takes its network from the first as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.chain.run import run_recipe
from engine.contract.events import EngineEvent, EpochFinished, Notice, StageFinished
from engine.contract.recipe import BackboneSettings, ChainSettings, DatasetSettings, ImageSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from engine.measurement.accuracy import wilson_interval
from engine.store.locations import Locations
from engine.store.stage_store import MODEL_FILE
from engine.training.control import Control

PRUNED = {"step": "magnitude_pruning", "sparsity": 0.5, "epochs": 1}


@pytest.mark.slow
def test_a_network_of_one_run_is_the_baseline_of_another(tmp_path: Path) -> None:
    locations = Locations(tmp_path / "runs")
    first = Recipe(
        dataset=DatasetSettings(limit_per_class=40),
        images=ImageSettings(size=32, color="grayscale"),
        backbone=BackboneSettings(kind="mobilenet_v1", width=0.125),
        training=TrainingSettings(
            epochs=3, batch_size=16, test_epochs=(1, 3), early_stopping=3, class_weights="balanced"
        ),
    )
    told: list[EngineEvent] = []
    result = run_recipe(first, locations, Control(), told.append, lambda directory: None)
    assert [swept.epoch for swept in result.epoch_sweep] == [1, 3]
    epochs = {event.epoch: event.test_accuracy for event in told if isinstance(event, EpochFinished)}
    assert epochs == {1: result.epoch_sweep[0].accuracy, 2: None, 3: result.epoch_sweep[1].accuracy}
    swept = result.epoch_sweep[0]
    right = round(swept.accuracy * result.dataset.test)
    assert swept.accuracy_ci95 == wilson_interval(right, result.dataset.test)

    (stage,) = {event.stage for event in told if isinstance(event, StageFinished)}
    network = locations.stages / stage / MODEL_FILE
    for kind, width in (("keras_file", 1.0), ("mobilenet_v1", 0.125)):
        backbone = BackboneSettings(kind=kind, width=width, weights=str(network))
        second = first.model_copy(
            update={
                "backbone": backbone,
                "training": TrainingSettings(train=False, batch_size=16),
                "chains": (ChainSettings(name="PRN", steps=(PRUNED,)),),
            }
        )
        told.clear()
        again = run_recipe(second, locations, Control(), told.append, lambda directory: None)
        baseline, pruned = again.variants
        assert baseline.accuracy == result.variants[0].accuracy
        assert baseline.parameters == result.variants[0].parameters
        assert pruned.sparsity_fraction > 0.4
        assert any(isinstance(event, Notice) and "the head does too" in event.message for event in told)
