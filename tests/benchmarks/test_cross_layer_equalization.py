"""What cross-layer equalisation is worth in int8 and int4 files; a page of the docs. It is not part of the program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.progress import UNWATCHED
from engine.measurement.classification import classify
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.rewriting import Rewriting, activation_ranges_of
from tests.benchmarks.equalized_file import By, equalized
from tests.benchmarks.trained_network import TrainedNetwork
from tests.tflite_toys import gap_network

BACKBONES = (("mobilenet_v2", 0.5), ("mobilenet_v3_small", 1.0), ("resnet18", 0.25), ("vgg16", 0.25))
WAYS: tuple[By, ...] = ("weights", "activations")
SCHEMES: tuple[dict[str, str], ...] = (
    {"scheme": "int8"},
    {"scheme": "int4"},
    {"scheme": "int4", "weight_ranges": "mse", "rounding": "adaptive"},
)
CALIBRATION_IMAGES = 200
SEED = 7
MAX_DIFFERENCE = 1e-4
"""Of the probabilities of float32."""


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "width"), BACKBONES)
def test_what_equalisation_is_worth(kind: str, width: float, tmp_path: Path, cifar10_mini: Path) -> None:
    trained = TrainedNetwork(kind, width, cifar10_mini, tmp_path)
    images = trained.context.calibration_images(CALIBRATION_IMAGES)
    files, pairs = {"plain": trained.float32}, 0
    for by in WAYS:
        files[f"by {by}"], pairs = equalized(trained.float32, by, images)
    print(
        f"\n{kind} ×{width:g}, {pairs} pairs of layers, {trained.images} test images of CIFAR-10 at 32², float32 "
        f"accuracy {trained.accuracy:.3f}"
    )
    print("| file | agreement | accuracy | KL (nats) |\n| --- | ---: | ---: | ---: |")
    exact = trained.outputs(trained.float32)
    for options in SCHEMES:
        chosen = PostTrainingQuantizationParameters.model_validate(options)
        for name, float32 in files.items():
            assert np.abs(trained.outputs(float32) - exact).max() <= MAX_DIFFERENCE
            ranges = activation_ranges_of(chosen, float32, images, UNWATCHED) if chosen.calibrated else None
            rewriting = Rewriting(chosen, {}, ranges, images, SEED, UNWATCHED)
            found = trained.agreement_of(rewriting.rewritten(float32).content)
            print(
                f"| {chosen.label()}, {name} | {found.agreement:.3f} | {found.accuracy:.3f} | {found.kl:.4f} |",
                flush=True,
            )


@pytest.mark.parametrize("by", WAYS)
def test_equalised_outputs_are_the_same(by: By) -> None:
    """The small version: between two convolutions, and through the mean into the dense layer."""
    float32, images = gap_network((16, 16, 3), 4), np.random.default_rng(3).random((8, 16, 16, 3), dtype=np.float32)
    other, pairs = equalized(float32, by, images)
    assert pairs == 2
    assert other != float32
    before, after = (classify(content, (image[None] for image in images)) for content in (float32, other))
    np.testing.assert_allclose(after, before, atol=1e-5)
