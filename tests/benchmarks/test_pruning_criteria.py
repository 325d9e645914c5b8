"""What is left of a network by each criterion for single weights: right after pruning, and after fine-tuning."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from engine.contract.progress import UNWATCHED
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.step import MagnitudePruning
from tests.benchmarks.test_against_tfmot import Study, study
from tests.small_study import forget_training

CRITERIA = ("magnitude", "taylor", "fisher")
SPARSITIES = (0.6, 0.8, 0.9)
SEEDS = (1, 2, 3)
FINE_TUNING_EPOCHS = 2


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_criteria_that_look_at_the_loss_keep_more_right_after_pruning(tmp_path: Path, cifar10_mini: Path) -> None:
    studies = [study(seed, cifar10_mini / "train", tmp_path) for seed in SEEDS]
    whole = statistics.mean(one.accuracy(one.network.model) for one in studies)
    print(f"\nresnet18 ×0.125 at 32², one shot, all layers compete; mean of {len(SEEDS)} seeds; unpruned {whole:.3f}")
    print("| criterion | zeros | right after | after fine-tuning |\n| --- | ---: | ---: | ---: |")
    right_after = {}
    for sparsity in SPARSITIES:
        for criterion in CRITERIA:
            found = [
                [_accuracy(one, criterion, sparsity, epochs) for epochs in (0, FINE_TUNING_EPOCHS)] for one in studies
            ]
            first, tuned = (statistics.mean(column) for column in zip(*found, strict=True))
            right_after[criterion, sparsity] = first
            print(f"| {criterion} | {sparsity} | {first:.3f} | {tuned:.3f} |", flush=True)
    for criterion in CRITERIA[1:]:
        gains = [right_after[criterion, one] - right_after["magnitude", one] for one in SPARSITIES]
        assert statistics.mean(gains) > 0, criterion


def _accuracy(one: Study, criterion: str, sparsity: float, epochs: int) -> float:
    parameters = MagnitudePruningParameters.model_validate(
        {
            "criterion": criterion,
            "sparsity": sparsity,
            "schedule": "one_shot",
            "scope": "global",
            "epochs": epochs,
            "learning_rate": 1e-3,
        }
    )
    forget_training(one.context)
    quiet = replace(one.context, progress=UNWATCHED)
    return one.accuracy(MagnitudePruning().apply(parameters, one.network, quiet).model)
