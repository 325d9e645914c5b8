"""Prunes one trained network by every criterion, and trains the smaller architecture from scratch beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.contract.evidence import Evidence
from engine.contract.recipe import Recipe
from engine.datasets.source import Split
from engine.steps.channel_pruning.criterion import CRITERIA
from engine.steps.channel_pruning.evidence import RemovedChannels
from engine.steps.channel_pruning.parameters import ChannelPruningParameters
from engine.steps.channel_pruning.step import ChannelPruning
from engine.steps.train_from_scratch.step import TrainFromScratch, TrainFromScratchParameters
from engine.training.evaluation import classified, evaluate_batch
from engine.training.feed import Feed
from engine.training.model_graph import graph_of_model
from engine.training.objective import CrossEntropy
from engine.training.tensorflow_setup import set_up_tensorflow
from engine.workbench.network import Network
from engine.workbench.network_file import load_network, save_network
from engine.workbench.step_context import StepContext
from tests.small_study import context_of, forget_training, untrained

BASELINE, FROM_SCRATCH = "baseline", "the smaller network from scratch"
PLAIN = "l1"
"""Whose smaller network is trained from scratch; with uniform allocation all criteria leave the same architecture."""
METHODS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {key: {"criterion": key} for key in dict.fromkeys((PLAIN, "random", "taylor", *CRITERIA.keys()))}
    | {
        "l1, teacher": {"criterion": "l1", "teacher": True},
        "taylor, teacher": {"criterion": "taylor", "teacher": True},
        "taylor, global": {"criterion": "taylor", "allocation": "global"},
        "taylor, by sensitivity": {"criterion": "taylor", "allocation": "sensitivity"},
    }
)
"""Row → parameters of channel pruning."""


@dataclass(frozen=True)
class Cell:
    """One network of the study."""

    method: str
    seed: int
    epochs: int
    """In all, from the first weights on."""
    macs: int
    parameters: int
    validation_accuracy_after_pruning: float
    """0 where nothing was pruned."""
    test_accuracy: float
    seconds: float


def channel_study(
    recipe: Recipe, fine_tuning_epochs: int, seeds: range, methods: Sequence[str], results: Path
) -> Iterator[Cell]:
    """Each cell; those that `results` has are not computed again, and a training that was ended goes on.

    Args:
        recipe: the dataset, the images, the backbone and the baseline's training.
    """
    results.mkdir(parents=True, exist_ok=True)
    file = results / "cells.jsonl"
    known = {(one.method, one.seed): one for one in _read(file)}
    set_up_tensorflow(recipe.seed)
    for seed in seeds:
        work = _Work(recipe.model_copy(update={"seed": seed}), seed, fine_tuning_epochs, results / f"seed-{seed}")
        for method in (BASELINE, *methods):
            if (method, seed) not in known:
                known[method, seed] = cell = work.cell(method)
                with file.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(asdict(cell)) + "\n")
            yield known[method, seed]


def _read(file: Path) -> list[Cell]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [Cell(**json.loads(line)) for line in lines]


class _Work:
    """The cells of one seed; the baseline and the plainly pruned network are kept as files."""

    def __init__(self, recipe: Recipe, seed: int, fine_tuning_epochs: int, folder: Path) -> None:
        self._recipe, self._seed, self._epochs, self._folder = recipe, seed, fine_tuning_epochs, folder
        self._shared: StepContext | None = None

    def cell(self, method: str) -> Cell:
        started = time.perf_counter()
        network, pruned = self._made(method)
        forget_training(self._context)
        return Cell(
            method,
            self._seed,
            network.facts.total_epochs,
            graph_of_model(network.model).macs,
            network.facts.parameters,
            pruned,
            self._test_accuracy(network),
            time.perf_counter() - started,
        )

    @property
    def _context(self) -> StepContext:
        if self._shared is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._shared = context_of(self._recipe, self._folder, seed=self._seed)
        return self._shared

    def _checkpointed(self, method: str) -> StepContext:
        """With a checkpoint of the method's own, so that none continues another's training."""
        file = self._folder / f"{method.replace(' ', '-').replace(',', '')}.checkpoint"
        return replace(self._context, trainer=replace(self._context.trainer, checkpoint=file))

    def _made(self, method: str) -> tuple[Network, float]:
        """The network, and its validation accuracy right after pruning."""
        if method == BASELINE:
            return self._kept(method, self._trained_baseline), 0.0
        if method == FROM_SCRATCH:
            small, _ = self._made(PLAIN)
            context = self._checkpointed(method)
            return TrainFromScratch().apply(TrainFromScratchParameters(), small, context), 0.0
        found: list[Evidence] = []
        baseline = self._kept(BASELINE, self._trained_baseline)
        given = {"epochs": self._epochs, "target": {"macs": 0.5}} | METHODS[method]
        context = replace(self._checkpointed(method), found=found.append)
        small = ChannelPruning().apply(ChannelPruningParameters.model_validate(given), baseline, context)
        (evidence,) = found[-1:]
        assert isinstance(evidence, RemovedChannels)
        return small, evidence.rounds[-1].validation_accuracy_after_pruning

    def _trained_baseline(self) -> Network:
        context = self._checkpointed(BASELINE)
        network = untrained(context)
        outcome = context.trainer.train(network.model, context.baseline_plan)
        return Network(network.model, network.facts.after_training(outcome))

    def _kept(self, method: str, make: Any) -> Network:
        folder = self._folder / method
        if not (folder / "finished").is_file():
            self._context  # noqa: B018 - makes the folder
            folder.mkdir(exist_ok=True)
            save_network(folder, make())
            (folder / "finished").touch()
        return load_network(folder)

    def _test_accuracy(self, network: Network) -> float:
        context = self._context
        feed = Feed(context.dataset, context.pipeline, self._seed, batch_size=1)
        evaluate = partial(evaluate_batch, CrossEntropy(network.model))
        return classified(feed, Split.TEST, evaluate, context.trainer.control)[1]
