"""What a search saves by stopping weak trials between epochs, and what it loses of the front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from engine.chain.run import run_recipe
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, EpochFinished, StageFinished, StageStarted, TrialFinished
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchSettings
from engine.contract.training_settings import TrainingSettings
from engine.search.search_run import search_study
from engine.store.locations import Locations
from engine.training.control import Control
from tests.hypervolume import hypervolume

GRID = {
    "images.size": (12, 20),
    "backbone.width": (0.25, 0.5),
    "training.learning_rate": (1e-4, 1e-3, 1e-2),
    "chains.Q.0.scheme": ("dynamic_range", "int8"),
}
POINTS = 24
FIRST = 12
"""Trials after which a search that ends early is looked at."""
LEAST_SHARE = 0.97
"""Of the hypervolume of the whole front."""
QUANTISED = ChainSettings(name="Q", steps=({"step": "post_training_quantization", "scheme": "dynamic_range"},))


@dataclass(frozen=True)
class Searched:
    """One search."""

    seconds: float
    """Of all stages that it needed, each once, as long as they took when they were computed."""
    stopped: int
    volume: float
    first_volume: float
    """After `FIRST` trials."""


@pytest.mark.benchmark
def test_stopping_saves_training_and_keeps_the_front(cifar10_mini: Path, tmp_path: Path) -> None:
    """CIFAR-10, 120 training images a class: 24 points from 12 baselines."""
    locations = Locations(tmp_path)
    took: dict[str, float] = {}
    found = {
        (sampler, stops): _searched(_study(cifar10_mini, sampler, stops), locations, took)
        for stops in (False, True)
        for sampler in ("random", "tpe")
    }
    whole = found["random", False].volume
    for (sampler, stops), one in found.items():
        print(
            f"\n{sampler}, {'stopping' if stops else 'not stopping'}: {one.seconds:.0f} s of training, {one.stopped} "
            f"of {POINTS} stopped, {one.volume / whole:.3f} of the front's hypervolume; after {FIRST} trials "
            f"{one.first_volume / whole:.3f}"
        )
    for sampler in ("random", "tpe"):
        assert found[sampler, True].seconds < found[sampler, False].seconds
        assert found[sampler, True].volume >= LEAST_SHARE * whole


def _study(images: Path, sampler: Literal["random", "tpe"], stops: bool) -> Recipe:
    return Recipe(
        name=f"{sampler} {stops}",
        dataset=DatasetSettings(kind="image_folder", path=str(images), limit_per_class=120),
        images=ImageSettings(size=20),
        backbone=BackboneSettings(kind="resnet8", width=0.5),
        training=TrainingSettings(epochs=9, batch_size=16, learning_rate=1e-3),
        chains=(QUANTISED,),
        search=SearchSettings(trials=POINTS, sampler=sampler, stop_weak=stops, vary=GRID),
    )


def _searched(recipe: Recipe, locations: Locations, took: dict[str, float]) -> Searched:
    """
    Args:
        took: seconds of each stage that an earlier search computed; those of this one come to it.
    """
    events: list[EngineEvent] = []
    run_recipe(recipe, locations, Control(), events.append, lambda directory: None, study=search_study)
    began: set[str] = set()
    epochs: dict[str, dict[int, float]] = {}
    trials: list[TrialFinished] = []
    for event in events:
        if isinstance(event, StageFinished):
            if not event.reused:
                took[event.stage] = event.seconds
            epochs.pop(event.stage, None)
            began.add(event.stage)
        elif isinstance(event, StageStarted) and event.stage not in began:
            epochs.setdefault(event.stage, {})
        elif isinstance(event, EpochFinished) and event.stage in epochs:
            epochs[event.stage][event.epoch] = event.whole_seconds or event.seconds
        elif isinstance(event, TrialFinished):
            trials.append(event)
    return Searched(
        sum(took[stage] for stage in began) + sum(sum(one.values()) for one in epochs.values()),
        sum(one.state == "stopped" for one in trials),
        _volume(trials),
        _volume(trials[:FIRST]),
    )


def _volume(trials: list[TrialFinished]) -> float:
    values: list[Mapping[str, float]] = [one.values for one in trials if one.values]
    return hypervolume(values)
