"""What is told of a layer is what the real file gives in which that layer alone is changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from engine.chain.sensitivity_schemes import SCHEMES as SCHEMES_OF_SENSITIVITY
from engine.chain.sensitivity_schemes import SensitivityBench
from engine.contract.network_facts import NetworkFacts
from engine.contract.sensitivity import worst_first
from engine.export.layer_patterns import LayerScheme
from engine.inspection.layer_sensitivity import MeasuredLayers, measure_layers
from engine.inspection.output_costs import log_probabilities
from engine.steps.post_training_quantization.calibration import ActivationRange
from engine.steps.post_training_quantization.layer_changes import layer_in
from engine.steps.post_training_quantization.quantizer import quantized_by_layer
from engine.steps.post_training_quantization.used_ranges import used_ranges
from engine.workbench.network import Network
from engine.workbench.network_file import save_network
from tests.engine.export.conftest import Trained, probabilities

IMAGES = 96
SCHEMES: tuple[Literal["int8", "int4"], ...] = ("int8", "int4")


@pytest.fixture(scope="module")
def ranges(residual: Trained) -> Mapping[str, ActivationRange]:
    return used_ranges(residual.float32, residual.calibration)


@pytest.fixture(scope="module")
def measured(residual: Trained, ranges: Mapping[str, ActivationRange]) -> MeasuredLayers:
    changes = {scheme: layer_in(scheme, ranges) for scheme in SCHEMES}
    ends = {name: (one.min, one.max) for name, one in ranges.items()}
    labels = residual.test_labels[:IMAGES]
    return measure_layers(residual.float32, changes, ends, residual.test_images[:IMAGES], labels)


@pytest.fixture(scope="module")
def brute(residual: Trained, ranges: Mapping[str, ActivationRange]) -> dict[tuple[str, str], np.ndarray]:
    """Layer and scheme → probabilities of the whole file in which that layer alone is changed."""
    from engine.training.kernels import kernels

    weighted = list(kernels(residual.model))
    found = {}
    for scheme in SCHEMES:
        for name in weighted:
            # The last rule decides for the softmax behind the layers too.
            rules: dict[str, LayerScheme] = {name: scheme, "softmax": "float32"}
            content = quantized_by_layer(residual.float32, rules, ranges)
            found[name, scheme] = probabilities(content, residual.test_images[:IMAGES])
    return found


def test_probabilities_are_those_of_the_real_file(
    measured: MeasuredLayers, brute: dict[tuple[str, str], np.ndarray], residual: Trained
) -> None:
    float32 = probabilities(residual.float32, residual.test_images[:IMAGES])
    np.testing.assert_allclose(np.exp(log_probabilities(measured.logits, "SOFTMAX")), float32, atol=1e-6)
    assert not measured.notes
    for layer in measured.layers:
        for scheme, cost in layer.schemes.items():
            theirs = brute[layer.layer, scheme]
            kl = (float32 * np.log(float32 / theirs)).sum(axis=1).mean()
            assert cost.kl == pytest.approx(kl, rel=0.02, abs=1e-7)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_worst_layer_is_the_worst_by_brute_force(
    scheme: str, measured: MeasuredLayers, brute: dict[tuple[str, str], np.ndarray], residual: Trained
) -> None:
    float32 = probabilities(residual.float32, residual.test_images[:IMAGES])
    by_file = {
        name: float((float32 * np.log(float32 / theirs)).sum(axis=1).mean())
        for (name, made), theirs in brute.items()
        if made == scheme
    }
    assert len(by_file) == len(measured.layers) == 7
    assert worst_first(measured.layers, scheme)[0].layer == max(by_file, key=by_file.__getitem__)


def test_accuracy_lost_is_that_of_the_real_file(
    measured: MeasuredLayers, brute: dict[tuple[str, str], np.ndarray], residual: Trained
) -> None:
    labels = residual.test_labels[:IMAGES]
    for layer in measured.layers:
        for scheme, cost in layer.schemes.items():
            right = float(np.mean(brute[layer.layer, scheme].argmax(axis=1) == labels))
            assert cost.accuracy_drop == pytest.approx(measured.accuracy - right), (layer.layer, scheme)


def test_many_images_go_through_in_groups(
    residual: Trained, measured: MeasuredLayers, ranges: Mapping[str, ActivationRange], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.inspection.layer_sensitivity.KEPT_BYTES", 20 * 16 * 16 * 17 * 4)
    changes = {scheme: layer_in(scheme, ranges) for scheme in SCHEMES}
    told: list[tuple[str, float, float]] = []
    grouped = measure_layers(
        residual.float32,
        changes,
        {},
        residual.test_images[:IMAGES],
        residual.test_labels[:IMAGES],
        tell=lambda *step: told.append(step),
    )
    assert [layer.schemes for layer in grouped.layers] == [layer.schemes for layer in measured.layers]
    fractions = [done for _, done, _ in told]
    assert len(told) > len(grouped.layers) * len(SCHEMES)
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_pruning_is_that_of_the_keras_network(residual: Trained, tmp_path: Path) -> None:
    from engine.export.tflite_conversion import float32_tflite
    from engine.training.kernels import clone, kernels

    save_network(tmp_path, Network(residual.model, NetworkFacts(parameters=1, trainable_parameters=1)))
    change = SCHEMES_OF_SENSITIVITY["pruning"].make(SensitivityBench({}, lambda: tmp_path))
    images, labels = residual.test_images[:IMAGES], residual.test_labels[:IMAGES]
    found = measure_layers(residual.float32, {"pruning": change}, {}, images, labels)
    assert not found.notes
    float32 = probabilities(residual.float32, images)
    for layer in ("body2_conv", "depth_conv", "classifier"):
        pruned = clone(residual.model)
        kernel = kernels(pruned)[layer]
        values = kernel.numpy()
        values[np.abs(values) <= np.sort(np.abs(values), axis=None)[round(0.8 * values.size) - 1]] = 0
        kernel.assign(values)
        theirs = probabilities(float32_tflite(pruned), images)
        cost = next(one for one in found.layers if one.layer == layer).schemes["pruning"]
        kl = (float32 * (np.log(float32) - np.log(theirs))).sum(axis=1).mean()
        assert cost.kl == pytest.approx(kl, rel=0.01), layer


def test_channel_pruning_is_that_of_the_keras_network(residual: Trained, tmp_path: Path) -> None:
    """With the smaller half of a layer's channels zero behind its batch normalisation, where it has one."""
    from engine.export.tflite_conversion import float32_tflite
    from engine.training.kernels import clone, kernels
    from engine.training.model_graph import graph_of_model

    save_network(tmp_path, Network(residual.model, NetworkFacts(parameters=1, trainable_parameters=1)))
    change = SCHEMES_OF_SENSITIVITY["channel_pruning"].make(SensitivityBench({}, lambda: tmp_path))
    images, labels = residual.test_images[:IMAGES], residual.test_labels[:IMAGES]
    found = measure_layers(residual.float32, {"channel_pruning": change}, {}, images, labels)
    assert found.notes == ("channel_pruning of classifier was not measured: its channels are the classes.",)
    float32 = probabilities(residual.float32, images)
    users = {layer.inputs[0]: layer for layer in graph_of_model(residual.model).layers if layer.inputs}
    for layer in ("body2_conv", "depth_conv"):
        narrowed = clone(residual.model)
        values = kernels(narrowed)[layer].numpy()
        norms = np.abs(values).sum(axis=(0, 1) if layer == "depth_conv" else (0, 1, 2)).ravel()
        gone = np.argsort(norms)[: len(norms) // 2]
        behind = users[layer]
        assert behind.kind == "BatchNormalization"
        gamma, beta, *averages = narrowed.get_layer(behind.name).get_weights()
        gamma[gone] = beta[gone] = 0
        narrowed.get_layer(behind.name).set_weights([gamma, beta, *averages])
        theirs = probabilities(float32_tflite(narrowed), images)
        cost = next(one for one in found.layers if one.layer == layer).schemes["channel_pruning"]
        kl = (float32 * (np.log(float32) - np.log(theirs))).sum(axis=1).mean()
        assert cost.kl == pytest.approx(kl, rel=0.01), layer
