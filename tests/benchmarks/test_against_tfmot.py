"""Our polynomial pruning and our clustering against plain TFMOT scripts: same networks, images, batches and rates."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.network_facts import NetworkFacts
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.source import Split
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.step import MagnitudePruning
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.training.control import Control
from engine.training.feed import Feed
from engine.training.kernels import kernels
from engine.training.plan import TrainingPlan
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training

SEEDS = (1, 2, 3)
IMAGES_PER_CLASS = 200
BASELINE_EPOCHS, PRUNING_EPOCHS, CLUSTERING_EPOCHS = 8, 4, 3
RATE = 1e-3
SPARSITY, CLUSTERS = 0.8, 16


@dataclass(frozen=True)
class Study:
    """One seed's context, with its trained network."""

    context: StepContext
    network: Network

    @property
    def feed(self) -> Feed:
        recipe = self.context.recipe
        return Feed(self.context.dataset, self.context.pipeline, recipe.seed, recipe.training.batch_size)

    def accuracy(self, model: Any) -> float:
        """On the test images."""
        right = [
            np.argmax(model(images, training=False).numpy(), axis=1) == labels
            for images, labels in self.feed.in_order(Split.TEST)
        ]
        return float(np.mean(np.concatenate(right)))


def study(seed: int, images: Path, folder: Path) -> Study:
    from engine.export.tflite_conversion import float32_tflite
    from engine.training.keras_network import build_keras_network
    from engine.training.tensorflow_setup import set_up_tensorflow
    from engine.training.trainer import Trainer

    set_up_tensorflow(seed)
    recipe = Recipe(
        seed=seed,
        dataset=DatasetSettings(kind="image_folder", path=str(images), limit_per_class=IMAGES_PER_CLASS),
        images=ImageSettings(size=32),
        backbone=BackboneSettings(kind="resnet18", width=0.125),
        training=TrainingSettings(epochs=BASELINE_EPOCHS, batch_size=32, learning_rate=RATE, schedule="cosine"),
    )
    settings = recipe.images.first
    dataset = prepare(scan(recipe.dataset, seed), recipe.dataset, settings, seed, folder / "cache")
    pipeline = fit_pipeline(settings, dataset)
    checkpoint = folder / f"{seed}.checkpoint"
    trainer = Trainer("benchmark", dataset, pipeline, seed, Control(), lambda event: None, checkpoint)
    context = StepContext(recipe, dataset, pipeline, trainer, lambda phase: None, lambda one: float32_tflite(one.model))
    graph = layer_graph(recipe.backbone, network_input_shape(settings), len(dataset.classes))
    model = build_keras_network(graph, seed)
    trainer.train(model, TrainingPlan.of_recipe(recipe.training))
    forget_training(context)
    return Study(context, Network(model, NetworkFacts(parameters=graph.parameters, trainable_parameters=0)))


def our_pruning(one: Study) -> Any:
    parameters = MagnitudePruningParameters(sparsity=SPARSITY, epochs=PRUNING_EPOCHS, learning_rate=RATE)
    return MagnitudePruning().apply(parameters, one.network, one.context).model


def our_clustering(one: Study) -> Any:
    forget_training(one.context)
    parameters = WeightClusteringParameters(clusters=CLUSTERS, epochs=CLUSTERING_EPOCHS, learning_rate=RATE)
    return WeightClustering().apply(parameters, one.network, one.context).model


def tfmot_pruning(one: Study) -> Any:
    from tests.benchmarks.tfmot_scripts import pruned

    return pruned(one.network.model, one.feed, PRUNING_EPOCHS, RATE, SPARSITY)


def tfmot_clustering(one: Study) -> Any:
    from tests.benchmarks.tfmot_scripts import clustered

    return clustered(one.network.model, one.feed, CLUSTERING_EPOCHS, RATE, CLUSTERS)


WAYS: dict[str, Callable[[Study], Any]] = {
    "our polynomial pruning": our_pruning,
    "TFMOT's PolynomialDecay": tfmot_pruning,
    "our clustering": our_clustering,
    "TFMOT's cluster_weights": tfmot_clustering,
}


@pytest.mark.benchmark
@pytest.mark.timeout(7200)
def test_pruning_and_clustering_are_as_accurate_as_tfmots(tmp_path: Path, cifar10_mini: Path) -> None:
    found: dict[str, list[float]] = {"baseline": []} | {way: [] for way in WAYS}
    test_images = 0
    for seed in SEEDS:
        one = study(seed, cifar10_mini, tmp_path)
        test_images = len(one.context.dataset.splits[Split.TEST])
        found["baseline"].append(one.accuracy(one.network.model))
        for way, compress in WAYS.items():
            model = compress(one)
            found[way].append(one.accuracy(model))
            if "prun" in way or "Polynomial" in way:
                zeros = np.concatenate([kernel.numpy().ravel() == 0 for kernel in kernels(model, "conv").values()])
                assert zeros.mean() == pytest.approx(SPARSITY, abs=0.002), way
            else:
                assert max(len(np.unique(kernel.numpy())) for kernel in kernels(model).values()) <= CLUSTERS, way
    print(f"\n{len(SEEDS)} seeds, {test_images} test images; test accuracy, mean ± deviation (each)")
    for way, values in found.items():
        each = ", ".join(f"{value:.3f}" for value in values)
        print(f"{way:26} {statistics.mean(values):.3f} ± {statistics.stdev(values):.3f} ({each})")
    ways = list(WAYS)
    for ours, theirs in (ways[:2], ways[2:]):
        difference = statistics.mean(found[ours]) - statistics.mean(found[theirs])
        noise = _standard_error(found[ours], found[theirs], test_images)
        print(f"{ours} less {theirs}: {difference:+.3f}, standard error {noise:.3f}")
        assert difference >= -2 * noise


def _standard_error(first: list[float], second: list[float], test_images: int) -> float:
    """Of the difference of two means: from the seeds, and from the test images that the seeds share."""
    seeds = (statistics.variance(first) + statistics.variance(second)) / len(first)
    share = statistics.mean([*first, *second])
    return math.sqrt(seeds + 2 * share * (1 - share) / (len(first) * test_images))
