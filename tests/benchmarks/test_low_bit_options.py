"""What each option of post-training quantisation is worth in int8 and int4, on three backbones; a page of the docs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from engine.datasets.source import Split
from engine.feeding.fed_images import FedImages
from engine.measurement.accuracy import predicted, share_equal
from engine.measurement.classification import classify
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import context_of, untrained

BACKBONES = (("mobilenet_v2", 0.5), ("mobilenet_v3_small", 1.0), ("resnet18", 0.25))
EPOCHS = 10
Options = Mapping[str, Any]
MSE = {"calibration": "mse"}
CLIPPED = {"weight_ranges": "mse"}
LEARNED = {"rounding": "adaptive"}
BIASES = {"bias_correction": True}
OPTIONS: Mapping[str, Sequence[Options]] = {
    "int8": ({}, BIASES, MSE, CLIPPED, LEARNED, MSE | LEARNED),
    "int4": ({}, BIASES, CLIPPED, CLIPPED | BIASES, LEARNED, CLIPPED | LEARNED, CLIPPED | LEARNED | BIASES),
}
RECOMMENDED: Mapping[str, Options] = {"int8": MSE | LEARNED, "int4": CLIPPED | LEARNED}
"""By the docs."""


@dataclass(frozen=True)
class Measured:
    agreement: float
    accuracy: float
    kl: float
    """Divergence of the outputs from the float32 network's, nats."""
    seconds: float


@pytest.mark.benchmark
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("kind", "width"), BACKBONES)
def test_what_the_docs_recommend_agrees_better(kind: str, width: float, tmp_path: Path, cifar10_mini: Path) -> None:
    context = _context(kind, width, cifar10_mini, tmp_path)
    network = untrained(context)
    context.trainer.train(network.model, context.baseline_plan)
    rows = context.dataset.splits[Split.TEST]
    images, labels = FedImages(context.dataset, context.pipeline, rows), context.dataset.labels[rows]
    exact = _outputs(context.float32_tflite(network), images)
    accuracy = share_equal(predicted(exact), labels)
    print(f"\n{kind} ×{width:g}, {len(rows)} test images of CIFAR-10 at 32², float32 accuracy {accuracy:.3f}")
    print("| file | agreement | accuracy | KL (nats) | s |\n| --- | ---: | ---: | ---: | ---: |")
    for scheme, options in OPTIONS.items():
        found = {}
        for one in options:
            chosen = PostTrainingQuantizationParameters.model_validate({"scheme": scheme} | dict(one))
            measured = _measured(chosen, network, context, images, labels, exact)
            found[frozenset(one.items())] = measured
            print(
                f"| {chosen.label()} | {measured.agreement:.3f} | {measured.accuracy:.3f} | {measured.kl:.4f} "
                f"| {measured.seconds:.0f} |",
                flush=True,
            )
        plain, recommended = (found[frozenset(one.items())] for one in ({}, RECOMMENDED[scheme]))
        assert recommended.kl < plain.kl
        assert recommended.agreement > plain.agreement
        if scheme == "int4":
            assert 1 - recommended.agreement < 0.5 * (1 - plain.agreement)


def _context(kind: str, width: float, images: Path, folder: Path) -> StepContext:
    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    recipe = Recipe(
        dataset=DatasetSettings(kind="image_folder", path=str(images)),
        images=ImageSettings(size=32),
        backbone=BackboneSettings(kind=kind, width=width),
        training=TrainingSettings(epochs=EPOCHS),
    )
    return context_of(recipe, folder)


def _measured(
    chosen: PostTrainingQuantizationParameters,
    network: Network,
    context: StepContext,
    images: Sequence[np.ndarray],
    labels: np.ndarray,
    exact: np.ndarray,
) -> Measured:
    began = time.monotonic()
    content = PostTrainingQuantization().apply(chosen, network, context)
    took = time.monotonic() - began
    found = _outputs(content, images)
    classes = predicted(found)
    return Measured(share_equal(classes, predicted(exact)), share_equal(classes, labels), _kl(exact, found), took)


def _outputs(content: bytes, images: Sequence[np.ndarray]) -> np.ndarray:
    return classify(content, (np.asarray(image)[None] for image in images))


def _kl(exact: np.ndarray, found: np.ndarray) -> float:
    """Mean Kullback-Leibler divergence; a step of int8 probabilities is 1/256, and none counts as less than a tenth."""
    first, second = (np.maximum(one, 1 / 2560) for one in (exact, found))
    return float(np.mean(np.sum(first * np.log(first / second), axis=1)))
