"""What is told of chains that failed, on planned recipes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.chain.failed_chains import ChainsFailed, FailedChains
from engine.chain.stage_tree import plan
from engine.contract.errors import DataError, NutshellError
from engine.contract.events import EngineEvent, Notice, StageFailed
from engine.contract.recipe import ChainSettings, Recipe
from tests.ui.study_events import result

PRUNED = {"step": "magnitude_pruning", "sparsity": 0.8}
INT8 = {"step": "post_training_quantization", "scheme": "int8"}
CHAINS = {"A": (PRUNED,), "B": (PRUNED, INT8), "C": (INT8,)}
TREE = plan(Recipe(chains=tuple(ChainSettings(name=name, steps=steps) for name, steps in CHAINS.items())), "images")


def test_where_nothing_failed_the_run_ends_well(tmp_path: Path) -> None:
    FailedChains(lambda event: None).raise_with(result(tmp_path))


def test_one_chain_gives_its_sentence_and_its_exit_code(tmp_path: Path) -> None:
    told: list[EngineEvent] = []
    failed, measured = FailedChains(told.append), result(tmp_path)
    failed.add_stage(TREE.end_of("C"), "", DataError("Too few images."))
    with pytest.raises(ChainsFailed) as raised:
        failed.raise_with(measured)
    sentence = 'Chain "C", int8: Too few images.'
    assert (str(raised.value), raised.value.exit_code, raised.value.result) == (sentence, 2, measured)
    stage, notice = told
    assert isinstance(stage, StageFailed)
    assert stage.stage == TREE.end_of("C").key
    assert isinstance(notice, Notice)
    assert (notice.message, notice.severity) == (sentence, "warning")


def test_the_chains_behind_a_stage_fail_with_it_and_all_are_named(tmp_path: Path) -> None:
    told: list[EngineEvent] = []
    failed = FailedChains(told.append)
    failed.add_stage(TREE.end_of("A"), "64 px", NutshellError("It diverged."))
    failed.add_variant("C", "32 px", DataError("It cannot be run."))
    assert failed.sentences == {
        "A (64 px)": 'Chain "A (64 px)", pruning 80 %: It diverged.',
        "B (64 px)": 'Chain "B (64 px)", pruning 80 %: It diverged.',
        "C (32 px)": 'Chain "C (32 px)": It cannot be run.',
    }
    assert [event.message for event in told if isinstance(event, Notice)] == [
        'Chain "A (64 px)", pruning 80 %: It diverged. "B (64 px)" fails with it.',
        'Chain "C (32 px)": It cannot be run.',
    ]
    with pytest.raises(ChainsFailed) as raised:
        failed.raise_with(result(tmp_path))
    assert raised.value.exit_code == 3
    assert str(raised.value) == (
        '3 chains failed: "A (64 px)", "B (64 px)", "C (32 px)". Chain "A (64 px)", pruning 80 %: It diverged. '
        'Chain "C (32 px)": It cannot be run.'
    )
