"""From the start of quantisation-aware training to its first epoch, pruned and clustered, against TFMOT's own."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import BatchProgress, EngineEvent
from engine.contract.image_settings import ImageSettings
from engine.contract.network_facts import NetworkFacts
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.source import Split
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.steps.magnitude_pruning.step import MagnitudePruning, MagnitudePruningParameters
from engine.steps.quantization_aware_training.step import QuantizationAwareTraining, QuantizationAwareTrainingParameters
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext

IMAGES_PER_CLASS = 1500
BATCH = 32
CLUSTERS = 16
ROUNDS = 2
MAX_OF_TFMOT = 0.2
LONGEST_START_S = 120.0


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_pcqat_takes_a_fifth_of_tfmot_and_a_whole_resnet50_starts_in_two_minutes(
    small_context: StepContext, tmp_path: Path
) -> None:
    context = _context(small_context, 32, IMAGES_PER_CLASS, tmp_path / "small")
    network = _pruned_and_clustered("resnet18", 0.25, context)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds_of_the_step(network, context))
        theirs.append(_seconds_of_tfmot(network.model, context))
    ratio = statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))
    print(
        f"\nPCQAT of resnet18 ×0.25 at 32², {len(context.dataset.splits[Split.TRAIN])} images, to the end of the first "
        f"epoch: {statistics.median(ours):.1f} s, TFMOT {statistics.median(theirs):.1f} s; "
        f"median ratio {ratio:.2f} of {ROUNDS} in turn"
    )
    large = _context(small_context, 96, 30, tmp_path / "large")
    start_s = _seconds_to_the_first_batch(_pruned_and_clustered("resnet50", 1.0, large), large)
    print(f"PCQAT of resnet50 at 96²: first batch trained after {start_s:.1f} s")
    assert ratio <= MAX_OF_TFMOT
    assert start_s <= LONGEST_START_S


def _context(context: StepContext, size: int, images_per_class: int, folder: Path) -> StepContext:
    images = ImageSettings(size=size, color="grayscale")
    training = context.recipe.training.model_copy(update={"batch_size": BATCH, "augment": ()})
    recipe = context.recipe.model_copy(update={"images": images, "training": training})
    settings = DatasetSettings(limit_per_class=images_per_class)
    dataset = prepare(scan(settings, 7), settings, images, 7, folder / "cache")
    pipeline = fit_pipeline(images, dataset)
    trainer = replace(context.trainer, dataset=dataset, pipeline=pipeline, checkpoint=folder / "training.checkpoint")
    return replace(context, recipe=recipe, dataset=dataset, pipeline=pipeline, trainer=trainer)


def _pruned_and_clustered(kind: str, width: float, context: StepContext) -> Network:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=kind, width=width), network_input_shape(context.recipe.images), 2)
    facts = NetworkFacts(parameters=graph.parameters, trainable_parameters=graph.trainable_parameters())
    network = Network(build_keras_network(graph, seed=7), facts)
    at_once = MagnitudePruningParameters(schedule="one_shot", sparsity=0.75, epochs=0)
    network = MagnitudePruning().apply(at_once, network, context)
    return WeightClustering().apply(WeightClusteringParameters(clusters=CLUSTERS, epochs=0), network, context)


def _seconds_of_the_step(network: Network, context: StepContext) -> float:
    context.trainer.checkpoint.unlink(missing_ok=True)
    started = time.perf_counter()
    QuantizationAwareTraining().apply(QuantizationAwareTrainingParameters(epochs=1), network, context)
    return time.perf_counter() - started


def _seconds_of_tfmot(model: Any, context: StepContext) -> float:
    import tensorflow_model_optimization as tfmot

    from engine.training.kernels import clone

    rows = context.dataset.splits[Split.TRAIN]
    images, labels = context.pipeline.feed(np.asarray(context.dataset.images[rows])), context.dataset.labels[rows]
    model = clone(model)
    started = time.perf_counter()
    annotated = tfmot.quantization.keras.quantize_annotate_model(model)
    scheme = tfmot.experimental.combine.Default8BitClusterPreserveQuantizeScheme(preserve_sparsity=True)
    wrapped = tfmot.quantization.keras.quantize_apply(annotated, scheme)
    wrapped.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    wrapped.fit(images, labels, batch_size=BATCH, epochs=1, verbose=0)
    return time.perf_counter() - started


class _Started(Exception):
    """The first batch is done."""


def _seconds_to_the_first_batch(network: Network, context: StepContext) -> float:
    def end_at_first_batch(event: EngineEvent) -> None:
        if isinstance(event, BatchProgress):
            raise _Started

    context.trainer.checkpoint.unlink(missing_ok=True)
    watched = replace(context, trainer=replace(context.trainer, emit=end_at_first_batch))
    started = time.perf_counter()
    with pytest.raises(_Started):
        QuantizationAwareTraining().apply(QuantizationAwareTrainingParameters(epochs=1), network, watched)
    return time.perf_counter() - started
