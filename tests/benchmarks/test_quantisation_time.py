"""One trained network into four schemes: the step against TensorFlow's converter used as its guide says, in turn."""

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
from engine.contract.network_facts import NetworkFacts
from engine.datasets.cache.preparation import prepare, scan
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext

SCHEMES = ("float16", "dynamic_range", "int8", "int16x8")
CALIBRATION_IMAGES = 200
ROUNDS = 3
MAX_OF_CONVERTER = 0.35


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["resnet18", "vgg16"])
def test_four_schemes_take_a_third_of_four_conversions(kind: str, small_context: StepContext, tmp_path: Path) -> None:
    context = _context_with_enough_images(small_context, tmp_path)
    network = _network(kind, context)
    calibration = context.calibration_images(CALIBRATION_IMAGES)
    assert len(calibration) == CALIBRATION_IMAGES
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_seconds_of_the_step(network, context))
        theirs.append(_seconds_of_the_converter(network.model, calibration))
    ratio = statistics.median(mine / its for mine, its in zip(ours, theirs, strict=True))
    print(
        f"\n{kind} ×0.25 at 32² into {', '.join(SCHEMES)}: {statistics.median(ours):.1f} s with the float32 "
        f"conversion that they share, TFLiteConverter {statistics.median(theirs):.1f} s; "
        f"median ratio {ratio:.2f} of {ROUNDS} in turn"
    )
    assert ratio <= MAX_OF_CONVERTER


def _context_with_enough_images(context: StepContext, folder: Path) -> StepContext:
    settings = DatasetSettings(limit_per_class=150)
    dataset = prepare(scan(settings, 7), settings, context.recipe.images, 7, folder)
    return replace(context, dataset=dataset, pipeline=fit_pipeline(context.recipe.images, dataset))


def _network(kind: str, context: StepContext) -> Network:
    from engine.training.keras_network import build_keras_network

    graph = layer_graph(BackboneSettings(kind=kind, width=0.25), network_input_shape(context.recipe.images), 2)
    return Network(build_keras_network(graph, seed=7), NetworkFacts(parameters=0, trainable_parameters=0))


def _seconds_of_the_step(network: Network, context: StepContext) -> float:
    started = time.perf_counter()
    float32 = context.float32_tflite(network)
    shared = replace(context, float32_tflite=lambda _: float32)
    for scheme in SCHEMES:
        parameters = PostTrainingQuantizationParameters(scheme=scheme, calibration_images=CALIBRATION_IMAGES)
        PostTrainingQuantization().apply(parameters, network, shared)
    return time.perf_counter() - started


def _seconds_of_the_converter(model: Any, calibration: np.ndarray) -> float:
    import tensorflow as tf

    started = time.perf_counter()
    for scheme in SCHEMES:
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if scheme == "float16":
            converter.target_spec.supported_types = [tf.float16]
        elif scheme in {"int8", "int16x8"}:
            wide = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8 if scheme == "int8" else wide]
            converter.representative_dataset = lambda: ([image[None]] for image in calibration)
        converter.convert()
    return time.perf_counter() - started
