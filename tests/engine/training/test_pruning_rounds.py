"""Pruning by rounds: each from the best of the last, each with its own training, continued bit for bit, told of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.events import EngineEvent, EpochFinished, EvidenceFound
from engine.contract.evidence import Evidence, StageEvidence
from engine.contract.network_facts import NetworkFacts
from engine.steps.magnitude_pruning.evidence import PruningRounds
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.step import MagnitudePruning
from engine.training.control import Control
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import make_context

PARAMETERS = MagnitudePruningParameters(
    schedule="iterative", sparsity=0.9, rounds=3, round_epochs=(1, 2, 1), round_learning_rates=(1e-3, 3e-4, 1e-4),
    round_rate_schedules=("constant", "cosine", "constant"),
)  # fmt: skip


@pytest.fixture(scope="module")
def tiny_network(small_context: StepContext) -> Network:
    """Three layers with kernels, so that tracing them in each round takes no time."""
    import tf_keras

    tf_keras.utils.set_random_seed(3)
    layers = tf_keras.layers
    images = tf_keras.Input(small_context.dataset.images.shape[1:])
    features = layers.Conv2D(8, 3, strides=2, activation="relu", name="one")(images)
    features = layers.Conv2D(16, 3, strides=2, activation="relu", name="two")(features)
    pooled = layers.GlobalAveragePooling2D()(features)
    model = tf_keras.Model(images, layers.Dense(1, activation="sigmoid", name="classifier")(pooled))
    return Network(model, NetworkFacts(parameters=model.count_params(), trainable_parameters=model.count_params()))


def prune(
    folder: Path,
    network: Network,
    emit: Callable[[EngineEvent], None] = lambda event: None,
    control: Control | None = None,
) -> Network:
    context = make_context(folder, control)
    trainer = replace(context.trainer, emit=emit, stage_epochs=MagnitudePruning().training_epochs(PARAMETERS))

    def tell(evidence: Evidence) -> None:
        emit(EvidenceFound(stage=trainer.stage, evidence=StageEvidence.of("pruning", evidence)))

    return MagnitudePruning().apply(PARAMETERS, network, replace(context, trainer=trainer, found=tell))


def found(told: list[EngineEvent]) -> list[PruningRounds]:
    documents = [event.evidence.document for event in told if isinstance(event, EvidenceFound)]
    return [PruningRounds.model_validate(document) for document in documents]


def test_every_round_removes_an_equal_share_and_trains_as_it_is_told(tmp_path: Path, tiny_network: Network) -> None:
    told: list[EngineEvent] = []
    prune(tmp_path, tiny_network, told.append)
    so_far = found(told)
    assert [(len(one.rounds), one.planned) for one in so_far] == [(1, 3), (2, 3), (3, 3)]
    rounds = so_far[-1].rounds
    assert [one.rounds for one in so_far] == [rounds[:1], rounds[:2], rounds]
    left = [1.0] + [1 - one.sparsity_fraction for one in rounds]
    assert np.divide(left[1:], left[:-1]) == pytest.approx([0.1 ** (1 / 3)] * 3, rel=1e-2)
    assert [one.epochs for one in rounds] == [1, 2, 1]
    epochs = [event for event in told if isinstance(event, EpochFinished)]
    assert [(event.epoch, event.epochs) for event in epochs] == [(number, 4) for number in range(1, 5)]
    first, second, third, fourth = (event.learning_rate for event in epochs)
    assert (first, fourth) == (1e-3, 1e-4)
    assert 3e-4 > second > third
    best_of_round = [epochs[0], max(epochs[1:3], key=lambda e: (e.validation_accuracy, -e.validation_loss)), epochs[3]]
    tuned = [one.validation_accuracy_after_fine_tuning for one in rounds]
    assert tuned == [event.validation_accuracy for event in best_of_round]


@pytest.mark.parametrize("last", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_killed_pruning_goes_on_bit_for_bit(tmp_path: Path, tiny_network: Network, last: int) -> None:
    """Killed after the first round, in the middle of the second, and between the second and the third."""
    told_whole: list[EngineEvent] = []
    whole = prune(tmp_path / "whole", tiny_network, told_whole.append)

    def die(event: EngineEvent) -> None:
        if isinstance(event, EpochFinished) and event.epoch == last:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prune(tmp_path / "cut", tiny_network, die)
    told: list[Any] = []
    continued = prune(tmp_path / "cut", tiny_network, told.append)
    for one, other in zip(whole.model.get_weights(), continued.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert found(told)[-1] == found(told_whole)[-1]
    assert [event.epoch for event in told if isinstance(event, EpochFinished)] == [1, 2, 3, 4]


def test_a_stop_goes_to_the_promised_sparsity(tmp_path: Path, tiny_network: Network) -> None:
    control = Control()

    told: list[EngineEvent] = []

    def stop(event: EngineEvent) -> None:
        told.append(event)
        if isinstance(event, EvidenceFound) and len(event.evidence.document["rounds"]) == 1:
            control.stop_stage()

    pruned = prune(tmp_path, tiny_network, stop, control)
    assert pruned.facts.stopped_early
    assert found(told)[-1].rounds[-1].sparsity_fraction == pytest.approx(0.9, abs=1e-3)
    assert found(told)[-1].rounds[-1].epochs == 0


def test_lists_that_do_not_fit_the_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="round_epochs has 2 values for 3 rounds"):
        MagnitudePruningParameters(schedule="iterative", rounds=3, round_epochs=(1, 2))
