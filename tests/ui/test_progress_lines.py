"""The command line's lines of a stage: the accuracy of the weights that are kept, and what the step found."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from engine.contract.events import EngineEvent, EvidenceFound, RunStarted, StageFinished, TrialFinished
from engine.contract.evidence import StageEvidence
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_result import FrontPoint, SearchResult
from engine.steps.low_rank.evidence import LayerRanks
from tests.ui.study_events import epoch, study_events, until
from ui.terminal.front_table import front_table
from ui.terminal.progress_view import ProgressView

PRUNING, CLUSTERING = {"step": "magnitude_pruning"}, {"step": "weight_clustering"}
ORDER = {"chains.PC": (1, 0)}


def lines(events: Sequence[EngineEvent], directory: Path, recipe: Recipe | None = None) -> str:
    console = Console(file=io.StringIO(), width=200)
    with ProgressView(console, recipe) as view:
        view.show([*until(study_events(directory), RunStarted), *events])
    return printed(console)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def stage_of(directory: Path) -> str:
    started = until(study_events(directory), RunStarted)[-1]
    assert isinstance(started, RunStarted)
    return started.stages[0].key


def test_the_accuracy_is_that_of_the_epoch_that_is_kept(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    epochs = [
        epoch(stage, number, 3).model_copy(update={"validation_accuracy": accuracy, "kept_epoch": kept})
        for number, accuracy, kept in ((1, 0.5, 1), (2, 0.778, 2), (3, 0.6, 2))
    ]
    finished = StageFinished(stage=stage, seconds=4.0)
    assert "validation accuracy 0.778 in epoch 2 of 3, which is kept" in lines([*epochs, finished], tmp_path)
    assert "validation accuracy 0.778 after 2 epochs" in lines([*epochs[:2], finished], tmp_path)
    earlier = [one.model_copy(update={"kept_epoch": None}) for one in epochs]
    told = lines([*earlier, finished], tmp_path)
    assert "in 4 s, 3 epochs" in told
    assert "validation accuracy" not in told, "which epoch is kept is not known"


def test_what_a_step_found_is_said_once_with_its_last_words(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    found = [
        LayerRanks(
            method="spatial",
            macs_before=100,
            macs_after=50,
            validation_accuracy_before=0.9,
            validation_accuracy_after_factoring=0.7,
            validation_accuracy_after_fine_tuning=tuned,
            epochs=epochs,
            layers=(),
        )
        for tuned, epochs in ((0.8, 1), (0.85, 2))
    ]
    events = [EvidenceFound(stage=stage, evidence=StageEvidence.of("lower ranks", one)) for one in found]
    said = lines([*events, StageFinished(stage=stage, seconds=4.0)], tmp_path)
    assert said.count("0.700 right after") == 1
    assert "0.850 after fine-tuning" in said
    assert "fine-tuning" not in found[0].model_copy(update={"epochs": 0}).sentence()


def test_a_search_tells_an_order_by_the_names_of_its_steps(tmp_path: Path) -> None:
    study = Recipe(chains=(ChainSettings(name="PC", steps=(PRUNING, CLUSTERING)),))
    values = {"validation_accuracy": 0.75}
    ended = TrialFinished(trial=1, trials=2, state="done", settings=dict(ORDER), values=values, front=(1,))
    assert "chains.PC = weight clustering → magnitude pruning: validation" in lines([ended], tmp_path, study)
    point = FrontPoint(trial=1, values=values, settings=dict(ORDER), variant="PC (trial 1)", recipe="a.toml")
    console = Console(file=io.StringIO(), width=200)
    console.print(front_table(SearchResult(objectives=("validation_accuracy",), front=(point,), trials=2), study))
    assert "chains.PC = weight clustering → magnitude pruning" in printed(console)
