"""Trains every cell of the study: kind of images × backbone × settings × seed."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import tf_keras

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.recipe import Recipe
from engine.datasets.source import Split
from engine.training.evaluation import classified, evaluate_batch
from engine.training.feed import Feed
from engine.training.objective import CrossEntropy
from engine.training.tensorflow_setup import set_up_tensorflow
from tests.small_study import context_of, untrained
from tests.training_study.averaged_weights import AveragedWeights
from tests.training_study.settings import Change, training_settings


@dataclass(frozen=True)
class Trained:
    """One cell of the study."""

    images: str
    backbone: str
    settings: str
    seed: int
    test_accuracy: float
    seconds: float


def study(
    recipes: Mapping[str, Recipe],
    backbones: Mapping[str, BackboneSettings],
    settings: Mapping[str, Change],
    seeds: range,
    results: Path,
) -> Iterator[Trained]:
    """Each cell, those first that `results` has already; each new one is added to that file, one JSON object a line."""
    known = _read(results)
    set_up_tensorflow(7)
    for seed in seeds:
        for name, change in settings.items():
            for images, recipe in recipes.items():
                for backbone in backbones:
                    key = (images, backbone, name, seed)
                    if key not in known:
                        known[key] = _trained(*key, recipe, backbones[backbone], change)
                        with results.open("a", encoding="utf-8") as stream:
                            stream.write(json.dumps(asdict(known[key])) + "\n")
                    yield known[key]


def _read(results: Path) -> dict[tuple[str, str, str, int], Trained]:
    if not results.is_file():
        return {}
    cells = [Trained(**json.loads(line)) for line in results.read_text(encoding="utf-8").splitlines()]
    return {(one.images, one.backbone, one.settings, one.seed): one for one in cells}


def _trained(
    images: str,
    backbone: str,
    name: str,
    seed: int,
    recipe: Recipe,
    settings_of_backbone: BackboneSettings,
    change: Change,
) -> Trained:
    chosen = recipe.model_copy(
        update={"seed": seed, "backbone": settings_of_backbone, "training": training_settings(change)}
    )
    with tempfile.TemporaryDirectory() as folder:
        context = context_of(chosen, Path(folder), seed=seed)
        network = untrained(context)
        if change.batch_norm_momentum is not None:
            for layer in network.model.layers:
                if isinstance(layer, tf_keras.layers.BatchNormalization):
                    layer.momentum = change.batch_norm_momentum
        average = AveragedWeights(network.model, change.average_decay) if change.average_decay else None
        plan = context.baseline_plan
        plan = replace(
            plan,
            learning_rate=change.rate_share * plan.learning_rate,
            head_learning_rate=change.rate_share * plan.head_learning_rate,
        )
        started = time.perf_counter()
        context.trainer.train(network.model, plan, [average] if average else [])
        seconds = time.perf_counter() - started
        if average:
            average.assign_averages()
        feed = Feed(context.dataset, context.pipeline, seed, batch_size=1)
        evaluate = partial(evaluate_batch, CrossEntropy(network.model))
        _, accuracy = classified(feed, Split.TEST, evaluate, context.trainer.control)
    return Trained(images, backbone, name, seed, accuracy, seconds)
