"""Of a training that has diverged no figure is shown as a result: its chain says so, and the others go on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.advice.recommendations import recommendations
from engine.chain.run import run_recipe
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, Notice
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.run_result import RunResult
from engine.contract.training_outcome import EpochRecord
from engine.contract.training_settings import TrainingSettings
from engine.store.locations import Locations
from engine.training.control import Control
from engine.training.diverged_training import divergence

FAR_TOO_HIGH = 10.0
FLOAT16 = {"step": "post_training_quantization", "scheme": "float16"}
PRUNED = {"step": "magnitude_pruning", "sparsity": 0.5, "epochs": 1}
LABELS = np.array([0, 1, 1, 0, 1])


def epoch(number: int, loss: float, validation_loss: float, accuracy: float = 0.6) -> EpochRecord:
    return EpochRecord(number, loss, 0.5, validation_loss, accuracy, 1e-3, 1.0)


@pytest.mark.parametrize(
    ("records", "kept", "says"),
    [
        ([epoch(1, 0.9, 2.0), epoch(2, 0.5, 0.4, 0.9)], 2, ""),
        ([epoch(1, 30.0, 4e5), epoch(2, 12.0, 3e3)], 2, "3e+03 in epoch 2"),
        # An explosion after the epoch that is kept, and one that the network has got over.
        ([epoch(1, 0.5, 0.5, 0.9), epoch(2, 50.0, 900.0)], 1, ""),
        ([epoch(1, 50.0, 900.0), epoch(2, 0.4, 0.5, 0.9)], 2, ""),
        # What is left of the explosion only guesses.
        ([epoch(1, 50.0, 900.0), epoch(2, 0.7, 0.69)], 2, "900 in epoch 1"),
        # It fits its training images, so it is only too sure of the others.
        ([epoch(1, 0.01, 4.0)], 1, ""),
        ([epoch(1, 30.0, 500.0, 0.8)], None, "500 in epoch 1"),
        ([], None, ""),
    ],
)
def test_what_has_diverged(records: list[EpochRecord], kept: int | None, says: str) -> None:
    why = divergence("Baseline", records, kept, LABELS, 2)
    assert bool(why) == bool(says)
    if says:
        assert f'The training of "Baseline" has most likely diverged: its validation loss was {says}' in why
        assert "lower learning rate" in why


def run(directory: Path, training: TrainingSettings, *chains: ChainSettings) -> tuple[RunResult, list[str]]:
    """The result of a tiny study, and its warnings."""
    recipe = Recipe(
        name="diverged",
        dataset=DatasetSettings(limit_per_class=24),
        images=ImageSettings(size=16, color="grayscale"),
        backbone=BackboneSettings(kind="resnet8", width=0.25),
        training=training,
        chains=chains,
    )
    events: list[EngineEvent] = []
    result = run_recipe(recipe, Locations(directory), Control(), events.append, lambda made: None)
    return result, [one.message for one in events if isinstance(one, Notice) and one.severity == "warning"]


def test_a_step_that_diverges_says_so_in_its_chain_alone(tmp_path: Path) -> None:
    far = ChainSettings(name="far", steps=(PRUNED | {"learning_rate": FAR_TOO_HIGH},))
    result, warnings = run(
        tmp_path, TrainingSettings(epochs=1, batch_size=8), far, ChainSettings(name="near", steps=(FLOAT16,))
    )
    diverged = {one.chain: one.diverged for one in result.variants}
    assert diverged == {"baseline": False, "far": True, "near": False}
    notes = {one.chain: one.note for one in result.variants}
    assert notes["far"].startswith('The training of "pruning 50 %" has most likely diverged')
    assert "diverged" not in notes["near"]
    assert len([said for said in warnings if "has most likely diverged" in said]) == 1
    assert {one.variant for one in recommendations(result)} <= {"baseline", "near"}


def test_what_is_made_of_a_baseline_that_diverged_is_no_result(tmp_path: Path) -> None:
    settings = TrainingSettings(epochs=1, batch_size=8, optimizer="sgd", learning_rate=FAR_TOO_HIGH)
    result, warnings = run(tmp_path, settings, ChainSettings(name="half", steps=(FLOAT16,)))
    assert [(one.chain, one.diverged) for one in result.variants] == [("baseline", True), ("half", True)]
    assert all(one.note.startswith('The training of "Baseline resnet8') for one in result.variants)
    assert len([said for said in warnings if "has most likely diverged" in said]) == 1
    assert recommendations(result) == ()
    again, _ = run(tmp_path, settings, ChainSettings(name="half", steps=(FLOAT16,)))
    assert (again.stages_computed, [one.diverged for one in again.variants]) == (0, [True, True])
