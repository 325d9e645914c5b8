"""Clustering leaves few values per kernel, from every start, keeps zeros, and trains the values that it leaves."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.errors import PromiseBroken
from engine.contract.findings import Severity
from engine.contract.step_parameters import StepParameters
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.magnitude_pruning.step import MagnitudePruning, MagnitudePruningParameters
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.training.kernels import kernels
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training
from tests.step_place import after

STEP = WeightClustering()


def clustered(context: StepContext, network: Network, **given: object) -> tuple[Network, TfliteFile]:
    """Apply the step, hold its promise against the float32 file, and give both."""
    parameters = WeightClusteringParameters.model_validate({"epochs": 1, "clusters": 16} | given)
    forget_training(context)
    made = STEP.apply(parameters, network, context)
    file = TfliteFile.parse(float32_tflite(made.model))
    STEP.check_promise(parameters, made, file)
    return made, file


def pruned(context: StepContext, network: Network) -> Network:
    forget_training(context)
    return MagnitudePruning().apply(MagnitudePruningParameters(sparsity=0.7, epochs=1), network, context)


def value_counts(network: Network) -> list[int]:
    return [len(np.unique(kernel.numpy())) for kernel in kernels(network.model).values()]


@pytest.mark.parametrize("start", ["linear", "random", "density", "kmeans++"])
def test_every_start_leaves_few_values_a_kernel(
    small_context: StepContext, trained_network: Network, start: str
) -> None:
    made, _ = clustered(small_context, trained_network, init=start)
    assert max(value_counts(made)) <= 16
    assert made.facts.clusters == 16


def test_training_moves_the_values(small_context: StepContext, trained_network: Network) -> None:
    still, _ = clustered(small_context, trained_network, epochs=0)
    moved, _ = clustered(small_context, trained_network, epochs=2)
    for name, kernel in kernels(still.model).items():
        assert not np.array_equal(kernel.numpy(), kernels(moved.model)[name].numpy())
    assert max(value_counts(moved)) <= 16


def test_it_keeps_the_zeros_of_a_pruning(small_context: StepContext, trained_network: Network) -> None:
    sparse = pruned(small_context, trained_network)
    made, file = clustered(small_context, sparse)
    for name in sparse.facts.pruned_layers:
        before, after = (kernels(network.model)[name].numpy() == 0 for network in (sparse, made))
        assert np.array_equal(before & after, before), name
    assert file.zero_kernel_values >= TfliteFile.parse(float32_tflite(sparse.model)).zero_kernel_values
    assert max(value_counts(made)) <= 16


@pytest.mark.parametrize("scheme", ["dynamic_range", "int8"])
def test_quantised_channels_have_no_more_values_than_clusters(
    small_context: StepContext, trained_network: Network, scheme: str
) -> None:
    made, _ = clustered(small_context, pruned(small_context, trained_network))
    parameters = PostTrainingQuantizationParameters(scheme=scheme, calibration_images=20)
    file = TfliteFile.parse(PostTrainingQuantization().apply(parameters, made, small_context))
    quantised = [kernel for kernel in file.kernels if kernel.dtype == "int8"]
    assert len(quantised) >= 13  # All but the tiny ones.
    assert max(kernel.unique_values for kernel in quantised) <= 16


def test_a_broken_promise_is_an_error(trained_network: Network) -> None:
    file = TfliteFile.parse(float32_tflite(trained_network.model))
    with pytest.raises(PromiseBroken, match=r"promised 8 values per kernel, and stem_conv has \d+"):
        STEP.check_promise(WeightClusteringParameters(clusters=8), trained_network, file)


def test_the_pre_flight_knows_the_order() -> None:
    def severities(*earlier: StepParameters, **given: object) -> list[Severity]:
        parameters = WeightClusteringParameters.model_validate(given)
        return [finding.severity for finding in STEP.findings(parameters, after(*earlier))]

    assert severities(WeightClusteringParameters(clusters=16), clusters=32) == [Severity.WARNING]
    assert severities(WeightClusteringParameters(clusters=64), clusters=32) == []
    assert severities(clusters=256) == [Severity.NOTE]
