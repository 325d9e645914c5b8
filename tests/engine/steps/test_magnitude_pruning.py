"""Pruning reaches its sparsity, exactly, by every schedule and scope, and keeps it into the files."""

from __future__ import annotations

import numpy as np
import pytest

from engine.chain.bench import Bench
from engine.chain.network import Network
from engine.contract.errors import PromiseBroken
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.magnitude_pruning import MagnitudePruning, MagnitudePruningParameters
from engine.steps.post_training_quantization import PostTrainingQuantization, PostTrainingQuantizationParameters
from engine.training.kernels import kernels
from engine.training.mask_projection import largest_values


def prune(bench: Bench, network: Network, **parameters: object) -> tuple[MagnitudePruningParameters, Network]:
    chosen = MagnitudePruningParameters(**({"epochs": 1} | parameters))
    bench.trainer.checkpoint.unlink(missing_ok=True)
    return chosen, MagnitudePruning().apply(chosen, network, bench)


def sparsities(network: Network, layers: str = "conv") -> list[float]:
    return [float(np.mean(kernel.numpy() == 0)) for kernel in kernels(network.model, layers).values()]


@pytest.mark.parametrize("schedule", ["polynomial", "constant", "one_shot", "iterative"])
def test_every_schedule_ends_at_the_target(small_bench: Bench, trained_network: Network, schedule: str) -> None:
    parameters, pruned = prune(small_bench, trained_network, schedule=schedule, sparsity=0.7, rounds=2)
    assert sparsities(pruned) == pytest.approx([0.7] * len(sparsities(pruned)), abs=0.01)
    file = TfliteFile.parse(float32_tflite(pruned.model))
    MagnitudePruning().check_promise(parameters, pruned, file)
    convolutions = [kernel for kernel in file.kernels if kernel.operator == "CONV_2D"]
    zeros = sum(kernel.zeros for kernel in convolutions) / sum(kernel.size for kernel in convolutions)
    assert zeros == pytest.approx(0.7, abs=0.001)


def test_one_shot_without_fine_tuning_only_removes(small_bench: Bench, trained_network: Network) -> None:
    _, pruned = prune(small_bench, trained_network, schedule="one_shot", epochs=0, sparsity=0.5)
    before, after = kernels(trained_network.model, "conv"), kernels(pruned.model, "conv")
    for name, kernel in after.items():
        kept = kernel.numpy() != 0
        assert np.array_equal(kernel.numpy()[kept], before[name].numpy()[kept])
        assert np.abs(before[name].numpy()[~kept]).max() <= np.abs(before[name].numpy()[kept]).min()


def test_global_scope_prunes_layers_unevenly_to_the_same_total(small_bench: Bench, trained_network: Network) -> None:
    _, pruned = prune(small_bench, trained_network, scope="global", sparsity=0.6)
    found = sparsities(pruned)
    assert max(found) - min(found) > 0.1
    sizes = [int(np.prod(kernel.shape)) for kernel in kernels(pruned.model, "conv").values()]
    assert np.average(found, weights=sizes) == pytest.approx(0.6, abs=0.001)


def test_dense_layers_are_pruned_only_when_asked(small_bench: Bench, trained_network: Network) -> None:
    _, convolutions = prune(small_bench, trained_network)
    _, everything = prune(small_bench, trained_network, layers="all")
    assert sparsities(convolutions, "all")[-1] == 0
    assert sparsities(everything, "all")[-1] == pytest.approx(0.8, abs=0.01)


def test_a_second_pruning_keeps_the_zeros_of_the_first(small_bench: Bench, trained_network: Network) -> None:
    _, first = prune(small_bench, trained_network, sparsity=0.5)
    _, second = prune(small_bench, first, sparsity=0.8)
    for name, kernel in kernels(first.model, "conv").items():
        assert not kernels(second.model, "conv")[name].numpy()[kernel.numpy() == 0].any()


@pytest.mark.parametrize("scheme", ["float16", "dynamic_range", "int8", "int16x8", "int4"])
def test_quantisation_after_it_keeps_the_zeros(small_bench: Bench, trained_network: Network, scheme: str) -> None:
    _, pruned = prune(small_bench, trained_network, sparsity=0.8)
    parameters = PostTrainingQuantizationParameters(scheme=scheme, calibration_images=20)
    file = TfliteFile.parse(PostTrainingQuantization().apply(parameters, pruned, small_bench))
    PostTrainingQuantization().check_promise(parameters, pruned, file)
    assert file.zero_kernel_values >= TfliteFile.parse(float32_tflite(pruned.model)).zero_kernel_values


def test_a_broken_promise_is_an_error(small_bench: Bench, trained_network: Network) -> None:
    file = TfliteFile.parse(float32_tflite(trained_network.model))
    with pytest.raises(PromiseBroken, match=r"promised 0\.8 zeros, and the network has 0\.0"):
        MagnitudePruning().check_promise(MagnitudePruningParameters(), trained_network, file)


def test_exactly_the_smallest_go() -> None:
    values = np.array([[0.3, -0.1], [0.2, 0.4]])
    (kept,) = largest_values([np.abs(values)], 0.5, "layer")
    assert kept.tolist() == [[True, False], [False, True]]
    first, second = largest_values([np.array([1.0, 2.0]), np.array([3.0, 4.0])], 0.5, "global")
    assert (first.tolist(), second.tolist()) == ([False, False], [True, True])
