"""Ranges as TFLiteConverter takes them: a summand that is written over has the sum in its range."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES
from engine.datasets.source import Split
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.feeding.fed_images import FedImages
from engine.steps.post_training_quantization.calibration import activation_ranges
from engine.steps.post_training_quantization.concatenation_ties import with_shared_ranges
from engine.steps.post_training_quantization.converter_ranges import converter_ranges
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.quantizer import quantized
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.workbench.step_context import StepContext
from tests.engine.export.conftest import Trained, agreement, probabilities
from tests.small_study import cifar_context, untrained

CALIBRATION_IMAGES = 200
SAME_DECISIONS = 0.99


def test_only_summands_that_nothing_else_reads_are_wider(residual: Trained, sequential: Trained) -> None:
    ranges = activation_ranges(residual.float32, residual.calibration)
    as_converter = converter_ranges(residual.float32, ranges)
    wider = {name for name in ranges if as_converter[name] != ranges[name]}
    assert len(wider) == 3
    assert all("body" in name for name in wider)
    plain = activation_ranges(sequential.float32, sequential.calibration)
    assert converter_ranges(sequential.float32, plain) == plain


def test_a_dense_block_has_one_range_and_other_networks_keep_theirs(residual: Trained) -> None:
    import tf_keras

    image = tf_keras.Input((8, 8, 2))
    carried = image
    for layer in range(3):
        new = tf_keras.layers.Conv2D(2, 3, padding="same", bias_initializer="ones", name=f"conv{layer}")(carried)
        carried = tf_keras.layers.Concatenate(name=f"dense{layer}")([carried, new])
    float32 = float32_tflite(tf_keras.Model(image, carried))
    images = np.random.default_rng(0).random((4, 8, 8, 2), dtype=np.float32)
    ranges = activation_ranges(float32, images)
    shared = with_shared_ranges(float32, ranges)
    assert len({(one.min, one.max) for one in ranges.values()}) > 3
    assert {(one.min, one.max) for one in shared.values()} == {
        (min(one.min for one in ranges.values()), max(one.max for one in ranges.values()))
    }
    assert all(shared[name].seen == (one.min, one.max) for name, one in ranges.items() if shared[name] != one)
    plain = activation_ranges(residual.float32, residual.calibration)
    assert with_shared_ranges(residual.float32, plain) == plain


def test_with_them_the_file_decides_as_the_converters_does(residual: Trained) -> None:
    theirs = converter_tflite(residual.model, "int8", residual.calibration)
    ranges = activation_ranges(residual.float32, residual.calibration)
    ours = quantized(residual.float32, "int8", converter_ranges(residual.float32, ranges))
    assert agreement(ours, theirs, residual.test_images) >= 0.995


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", BACKBONES.keys())
def test_a_network_for_cifar_images_by_both(kind: str, checkout: Path, tmp_path: Path) -> None:
    from engine.training.plan import TrainingPlan

    context: StepContext = cifar_context(checkout, tmp_path, kind)
    network = untrained(context)
    context.trainer.train(network.model, TrainingPlan.of_recipe(context.recipe.training))
    calibration = context.calibration_images(CALIBRATION_IMAGES)
    train = context.dataset.splits[Split.TRAIN]
    others = np.sort(np.random.default_rng(1).choice(train, CALIBRATION_IMAGES, replace=False))
    images = context.pipeline.feed(np.asarray(context.dataset.images[context.dataset.splits[Split.TEST]]))
    float32 = float32_tflite(network.model)
    context = replace(context, float32_tflite=lambda _: float32)

    def ours(**given: object) -> bytes:
        parameters = PostTrainingQuantizationParameters.model_validate(given)
        return PostTrainingQuantization().apply(parameters, network, context)

    theirs = converter_tflite(network.model, "int8", calibration)
    other_theirs = converter_tflite(network.model, "int8", FedImages(context.dataset, context.pipeline, others))
    files = {
        "ours": ours(scheme="int8"),
        "ours, tight_minmax": ours(scheme="int8", calibration="tight_minmax"),
        "ours, percentile": ours(scheme="int8", calibration="percentile"),
        "TFLiteConverter": theirs,
        "TFLiteConverter, other images": other_theirs,
    }
    said = {name: probabilities(content, images) for name, content in files.items()}
    exact = probabilities(float32, images)
    labels = context.dataset.labels[context.dataset.splits[Split.TEST]]
    print(
        f"\n{kind} ×0.25, {len(images)} CIFAR images, {(exact.argmax(axis=1) == labels).mean():.3f} of them right; "
        "int8: agreement with TFLiteConverter's, with float32; mean error"
    )
    for name, found in said.items():
        with_theirs, with_float32 = same_class(found, said["TFLiteConverter"]), same_class(found, exact)
        error = np.abs(found - exact).mean()
        print(f"  {name}: {with_theirs:.3f}, {with_float32:.3f}; {error:.5f} of a probability")
    dynamic = agreement(ours(scheme="dynamic_range"), converter_tflite(network.model, "dynamic_range", None), images)
    print(f"  dynamic range, ours with TFLiteConverter's: {dynamic:.3f}")
    assert dynamic >= SAME_DECISIONS
    assert same_class(said["ours"], said["TFLiteConverter"]) >= SAME_DECISIONS


def same_class(first: np.ndarray, second: np.ndarray) -> float:
    """Share of the images for which both probabilities decide alike."""
    return float(np.mean(first.argmax(axis=1) == second.argmax(axis=1)))
