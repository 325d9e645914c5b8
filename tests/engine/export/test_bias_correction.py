"""Corrected biases: exact where a network is linear, and nearer to float32 where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.progress import Progress
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.bias_correction import with_corrected_biases
from engine.steps.post_training_quantization.calibration import activation_ranges
from engine.steps.post_training_quantization.converter_ranges import converter_ranges
from engine.steps.post_training_quantization.quantizer import quantized
from tests.engine.export.conftest import Trained, probabilities
from tests.small_study import cifar_context, untrained


def _one_layer(kind: str, **options: Any) -> Any:
    """A network of one linear layer and the mean over its places, so that its output's mean says what was moved."""
    import tf_keras

    tf_keras.utils.set_random_seed(5)
    layers = tf_keras.layers
    after = [] if kind == "Dense" else [layers.GlobalAveragePooling2D()]
    before = [layers.Flatten()] if kind == "Dense" else []
    return tf_keras.Sequential([layers.Input((13, 12, 3)), *before, getattr(layers, kind)(**options), *after])


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Conv2D", {"filters": 8, "kernel_size": 3, "padding": "same"}),
        ("Conv2D", {"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}),
        ("Conv2D", {"filters": 8, "kernel_size": (1, 4), "padding": "valid"}),
        ("Conv2D", {"filters": 8, "kernel_size": 3, "dilation_rate": 2, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 5, "depth_multiplier": 2, "padding": "same", "use_bias": False}),
        ("Dense", {"units": 6, "bias_initializer": "ones"}),
    ],
)
def test_the_mean_of_a_linear_layer_is_as_it_was(kind: str, options: dict[str, Any]) -> None:
    model = _one_layer(kind, **options)
    images = np.random.default_rng(2).uniform(0, 1, (7, 13, 12, 3)).astype(np.float32)
    float32 = float32_tflite(model)
    plain = quantized(float32, "int4")
    corrected = quantized(with_corrected_biases(float32, plain, images), "int4")
    exact, before, after = (probabilities(file, images).mean(axis=0) for file in (float32, plain, corrected))
    assert np.abs(after - exact).max() < 0.01 * np.abs(before - exact).max()


@pytest.mark.parametrize("scheme", ["int8", "int16x8", "int4"])
@pytest.mark.parametrize("network", ["residual", "sequential"])
def test_probabilities_come_nearer(network: str, scheme: str, request: pytest.FixtureRequest) -> None:
    trained: Trained = request.getfixturevalue(network)
    ranges = activation_ranges(trained.float32, trained.calibration) if scheme != "int4" else None
    plain = quantized(trained.float32, scheme, ranges)  # type: ignore[arg-type]
    biases = with_corrected_biases(trained.float32, plain, trained.calibration)
    corrected = quantized(biases, scheme, ranges)  # type: ignore[arg-type]
    exact = probabilities(trained.float32, trained.test_images)
    before, after = (np.abs(probabilities(file, trained.test_images) - exact).mean() for file in (plain, corrected))
    assert after < before


def test_the_kernels_stay_as_they_are(residual: Trained) -> None:
    plain = quantized(residual.float32, "int4")
    corrected = quantized(with_corrected_biases(residual.float32, plain, residual.calibration[:5]), "int4")
    for first, second in zip(TfliteFile.parse(plain).kernels, TfliteFile.parse(corrected).kernels, strict=True):
        np.testing.assert_array_equal(first.values, second.values)


def test_it_tells_of_each_image_and_can_be_ended(residual: Trained) -> None:
    def stop_after_three(done: int, total: int) -> None:
        assert total == len(residual.calibration)
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_corrected_biases(
            residual.float32, residual.float32, residual.calibration, Progress(on_report=stop_after_three, every_s=0)
        )


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["resnet18", "mobilenet_v2"])
def test_a_network_for_cifar_images(kind: str, checkout: Path, tmp_path: Path) -> None:
    from engine.datasets.source import Split
    from engine.training.plan import TrainingPlan

    context = cifar_context(checkout, tmp_path, kind)
    network = untrained(context)
    context.trainer.train(network.model, TrainingPlan.of_recipe(context.recipe.training))
    calibration, test = context.calibration_images(200), context.dataset.splits[Split.TEST]
    images = context.pipeline.feed(np.asarray(context.dataset.images[test]))
    float32 = float32_tflite(network.model)
    exact, labels = probabilities(float32, images), context.dataset.labels[test]
    ranges = converter_ranges(float32, activation_ranges(float32, calibration))
    right = np.mean(exact.argmax(axis=1) == labels)
    print(f"\n{kind} ×0.25, {len(images)} CIFAR images, {right:.3f} right as float32; right, as float32, mean error")
    for scheme in ("int8", "int16x8", "int4"):
        plain = quantized(float32, scheme, ranges)  # type: ignore[arg-type]
        corrected = quantized(with_corrected_biases(float32, plain, calibration), scheme, ranges)  # type: ignore[arg-type]
        errors = []
        for name, file in (("as rounded", plain), ("with corrected biases", corrected)):
            found = probabilities(file, images)
            right, alike = (np.mean(found.argmax(axis=1) == other) for other in (labels, exact.argmax(axis=1)))
            errors.append(float(np.abs(found - exact).mean()))
            print(f"  {scheme} {name}: {right:.3f}, {alike:.3f}, {errors[-1]:.5f} of a probability")
        assert errors[1] < errors[0]
