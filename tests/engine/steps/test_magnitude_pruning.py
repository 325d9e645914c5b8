"""Pruning reaches its sparsity, exactly, by every schedule and scope, and keeps it into the files."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.findings import Severity
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.magnitude_pruning.step import MagnitudePruning
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.training.kernels import kernels
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training
from tests.step_place import after


def prune(context: StepContext, network: Network, **parameters: object) -> tuple[MagnitudePruningParameters, Network]:
    chosen = MagnitudePruningParameters(**({"epochs": 1} | parameters))
    forget_training(context)
    return chosen, MagnitudePruning().apply(chosen, network, context)


def sub_model(network: Network, layers: int) -> Any:
    """A network of the first few layers."""
    import tf_keras

    return tf_keras.Model(network.model.input, network.model.layers[layers].output)


def sparsities(network: Network, layers: str = "conv") -> list[float]:
    return [float(np.mean(kernel.numpy() == 0)) for kernel in kernels(network.model, layers).values()]


@pytest.mark.parametrize("schedule", ["polynomial", "constant", "one_shot", "iterative"])
def test_every_schedule_ends_at_the_target(small_context: StepContext, trained_network: Network, schedule: str) -> None:
    parameters, pruned = prune(small_context, trained_network, schedule=schedule, sparsity=0.7, rounds=2)
    assert sparsities(pruned) == pytest.approx([0.7] * len(sparsities(pruned)), abs=0.01)
    file = TfliteFile.parse(float32_tflite(pruned.model))
    MagnitudePruning().check_promise(parameters, pruned, file)
    convolutions = [kernel for kernel in file.kernels if kernel.operator == "CONV_2D"]
    zeros = sum(kernel.zeros for kernel in convolutions) / sum(kernel.size for kernel in convolutions)
    assert zeros == pytest.approx(0.7, abs=0.001)


def test_a_channel_that_normalisation_multiplies_by_zero_may_add_zeros_to_the_file(
    small_context: StepContext, trained_network: Network
) -> None:
    parameters, pruned = prune(small_context, trained_network, schedule="one_shot", epochs=0, sparsity=0.5)
    scale = pruned.model.get_layer("stage1_block1_bn1").gamma
    scale.assign(np.where(np.arange(scale.shape[0]) == 2, 0, scale.numpy()))
    file = TfliteFile.parse(float32_tflite(pruned.model))
    assert file.zero_kernel_values > np.mean(sparsities(pruned)) * file.kernel_values
    MagnitudePruning().check_promise(parameters, pruned, file)


def test_one_shot_without_fine_tuning_only_removes(small_context: StepContext, trained_network: Network) -> None:
    _, pruned = prune(small_context, trained_network, schedule="one_shot", epochs=0, sparsity=0.5)
    before, after = kernels(trained_network.model, "conv"), kernels(pruned.model, "conv")
    for name, kernel in after.items():
        kept = kernel.numpy() != 0
        assert np.array_equal(kernel.numpy()[kept], before[name].numpy()[kept])
        assert np.abs(before[name].numpy()[~kept]).max() <= np.abs(before[name].numpy()[kept]).min()


def test_global_scope_prunes_layers_unevenly_to_the_same_total(
    small_context: StepContext, trained_network: Network
) -> None:
    _, pruned = prune(small_context, trained_network, scope="global", sparsity=0.6)
    found = sparsities(pruned)
    assert max(found) - min(found) > 0.1
    sizes = [int(np.prod(kernel.shape)) for kernel in kernels(pruned.model, "conv").values()]
    assert np.average(found, weights=sizes) == pytest.approx(0.6, abs=0.001)


def test_dense_layers_are_pruned_only_when_asked(small_context: StepContext, trained_network: Network) -> None:
    _, convolutions = prune(small_context, trained_network)
    _, everything = prune(small_context, trained_network, layers="all")
    assert sparsities(convolutions, "all")[-1] == 0
    assert sparsities(everything, "all")[-1] == pytest.approx(0.8, abs=0.01)


def test_a_second_pruning_keeps_the_zeros_of_the_first(small_context: StepContext, trained_network: Network) -> None:
    _, first = prune(small_context, trained_network, sparsity=0.5)
    _, second = prune(small_context, first, sparsity=0.8)
    for name, kernel in kernels(first.model, "conv").items():
        assert not kernels(second.model, "conv")[name].numpy()[kernel.numpy() == 0].any()


def test_a_later_pruning_of_fewer_layers_keeps_the_zeros_of_all(
    small_context: StepContext, trained_network: Network
) -> None:
    _, first = prune(small_context, trained_network, sparsity=0.5, layers="all", schedule="one_shot", epochs=0)
    _, second = prune(small_context, first, sparsity=0.8, skip_first=True)
    assert second.facts.pruned_layers == first.facts.pruned_layers
    assert sparsities(second, "all")[0] == sparsities(first, "all")[0]
    assert sparsities(second, "all")[-1] == sparsities(first, "all")[-1] == 0.5


def test_the_first_and_the_last_layer_are_left_at_will(small_context: StepContext, trained_network: Network) -> None:
    left = {"layers": "all", "skip_first": True, "skip_last": True, "schedule": "one_shot", "epochs": 0}
    parameters, pruned = prune(small_context, trained_network, **left)
    found = sparsities(pruned, "all")
    assert found[0] == found[-1] == 0
    assert found[1:-1] == pytest.approx([0.8] * len(found[1:-1]), abs=0.01)
    MagnitudePruning().check_promise(parameters, pruned, TfliteFile.parse(float32_tflite(pruned.model)))


def test_two_of_each_four_inputs_are_zero_in_the_file(small_context: StepContext, trained_network: Network) -> None:
    parameters, pruned = prune(small_context, trained_network, pattern="2:4", layers="all")
    file = TfliteFile.parse(float32_tflite(pruned.model))
    MagnitudePruning().check_promise(parameters, pruned, file)
    stem, *others = file.kernels
    assert stem.values.shape[-1] == 1, "one grey channel cannot be divided into fours"
    assert stem.zeros == 0
    for kernel in others:
        assert ((kernel.values.reshape(-1, 4) == 0).sum(axis=1) == 2).all(), kernel.name


def test_blocks_are_zero_as_a_whole(small_context: StepContext, trained_network: Network) -> None:
    block = {"pattern": "block", "block_rows": 4, "schedule": "one_shot", "epochs": 0, "sparsity": 0.6}
    parameters, pruned = prune(small_context, trained_network, **block)
    file = TfliteFile.parse(float32_tflite(pruned.model))
    MagnitudePruning().check_promise(parameters, pruned, file)
    for kernel in file.kernels[1:-1]:
        zeros = (kernel.values.reshape(-1, 4) == 0).sum(axis=1)
        assert set(zeros.tolist()) == {0, 4}, kernel.name


def test_the_norm_decides_between_blocks(small_context: StepContext, trained_network: Network) -> None:
    masks = []
    for norm in ("l1", "l2"):
        _, pruned = prune(small_context, trained_network, pattern="block", norm=norm, schedule="one_shot", epochs=0)
        masks.append(np.concatenate([(kernel.numpy() == 0).ravel() for kernel in kernels(pruned.model).values()]))
    assert 0 < np.mean(masks[0] != masks[1]) < 0.3


def test_a_pattern_that_no_layer_can_have_is_an_error(small_context: StepContext, trained_network: Network) -> None:
    everything_left = {"layers": "conv", "skip_first": True, "pattern": "2:4"}
    first_only = Network(sub_model(trained_network, layers=2), trained_network.facts)
    with pytest.raises(NutshellError, match="No layer of this network can be pruned"):
        prune(small_context, first_only, **everything_left)


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8", "int4"])
def test_quantisation_after_it_keeps_the_zeros(
    small_context: StepContext, trained_network: Network, scheme: str
) -> None:
    _, pruned = prune(small_context, trained_network, schedule="one_shot", epochs=0)
    parameters = PostTrainingQuantizationParameters(scheme=scheme, calibration_images=20)
    file = TfliteFile.parse(PostTrainingQuantization().apply(parameters, pruned, small_context))
    PostTrainingQuantization().check_promise(parameters, pruned, file)
    assert file.zero_kernel_values >= TfliteFile.parse(float32_tflite(pruned.model)).zero_kernel_values


def test_a_broken_promise_is_an_error(small_context: StepContext, trained_network: Network) -> None:
    file = TfliteFile.parse(float32_tflite(trained_network.model))
    with pytest.raises(PromiseBroken, match=r"promised 0\.8 zeros, and .* have 0\.0"):
        MagnitudePruning().check_promise(MagnitudePruningParameters(), trained_network, file)


def test_more_zeros_than_filters_can_bear_are_told_beforehand() -> None:
    (note, finding) = MagnitudePruning().findings(MagnitudePruningParameters(sparsity=0.9999), after())
    assert note.severity is Severity.NOTE
    assert finding.severity is Severity.WARNING
    assert "most filters compute nothing" in finding.message
