"""Quantisation-aware training ends in an int8 file, and keeps what pruning and clustering made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.chain.preflight import preflight
from engine.contract.errors import PromiseBroken
from engine.contract.findings import Severity
from engine.contract.network_facts import NetworkFacts
from engine.contract.recipe import ChainSettings, Recipe
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.tflite_file import TfliteFile
from engine.steps.magnitude_pruning.step import MagnitudePruning, MagnitudePruningParameters
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.steps.quantization_aware_training.step import QuantizationAwareTraining, QuantizationAwareTrainingParameters
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.training.kernels import kernels
from engine.training.quantization_wrapping import wrapped_kernels
from engine.workbench.network import Network
from engine.workbench.network_file import load_network, save_network
from engine.workbench.step_context import StepContext
from tests.small_study import context_of, forget_training, make_context, two_layers

STEP = QuantizationAwareTraining()
PARAMETERS = QuantizationAwareTrainingParameters(epochs=1)
CLUSTERS = 16


def aware(context: StepContext, network: Network) -> Network:
    forget_training(context)
    return STEP.apply(PARAMETERS, network, context)


def int8_file(network: Network) -> TfliteFile:
    return TfliteFile.parse(converter_tflite(network.model, "int8", None))


@pytest.fixture(scope="module")
def pruned(small_context: StepContext, trained_network: Network) -> Network:
    forget_training(small_context)
    return MagnitudePruning().apply(MagnitudePruningParameters(sparsity=0.75, epochs=1), trained_network, small_context)


@pytest.fixture(scope="module")
def pruned_and_clustered(small_context: StepContext, pruned: Network) -> Network:
    forget_training(small_context)
    return WeightClustering().apply(WeightClusteringParameters(clusters=CLUSTERS, epochs=1), pruned, small_context)


@pytest.fixture(scope="module")
def pcqat(small_context: StepContext, pruned_and_clustered: Network) -> Network:
    return aware(small_context, pruned_and_clustered)


def test_all_three_together_keep_zeros_and_clusters(
    small_context: StepContext, pruned: Network, pruned_and_clustered: Network, pcqat: Network
) -> None:
    file = int8_file(pcqat)
    STEP.check_promise(PARAMETERS, pcqat, file)
    assert file.unique_weights <= CLUSTERS
    assert file.zero_kernel_values >= TfliteFile.parse(float32_tflite(pruned.model)).zero_kernel_values
    trained = wrapped_kernels(pcqat.model)
    assert max(len(np.unique(kernel.numpy())) for kernel in trained.values()) <= CLUSTERS
    moved = [
        not np.array_equal(trained[name].numpy(), k.numpy()) for name, k in kernels(pruned_and_clustered.model).items()
    ]
    assert all(moved), "the clusters' values are trained"


def test_after_pruning_alone_it_keeps_the_zeros(small_context: StepContext, pruned: Network) -> None:
    made = aware(small_context, pruned)
    STEP.check_promise(PARAMETERS, made, int8_file(made))
    kernels = wrapped_kernels(made.model)
    for name in pruned.facts.pruned_layers:
        assert np.mean(kernels[name].numpy() == 0) == pytest.approx(0.75, abs=0.01)


def test_the_file_decides_as_the_network_does(small_context: StepContext, trained_network: Network) -> None:
    made = aware(small_context, trained_network)
    images = np.stack(small_context.calibration_images(40))
    classifier = ImageClassifier(converter_tflite(made.model, "int8", None))
    found = []
    for image in images:
        classifier.set_image(image)
        classifier.invoke()
        found.append(classifier.probabilities()[0])
    np.testing.assert_allclose(found, np.asarray(made.model(images))[:, 0], atol=0.05)


@pytest.mark.parametrize("float_io", [True, False])
def test_quantisation_after_it_takes_its_ranges(small_context: StepContext, pcqat: Network, float_io: bool) -> None:
    parameters = PostTrainingQuantizationParameters(scheme="int8", float_io=float_io)
    file = TfliteFile.parse(PostTrainingQuantization().apply(parameters, pcqat, small_context))
    PostTrainingQuantization().check_promise(parameters, pcqat, file)
    assert file.unique_weights <= CLUSTERS
    assert file.input_dtype == ("float32" if float_io else "int8")


def test_it_is_saved_and_loaded_bit_for_bit(pcqat: Network, tmp_path: Path) -> None:
    save_network(tmp_path, pcqat)
    loaded = load_network(tmp_path)
    assert loaded.facts == pcqat.facts
    assert converter_tflite(loaded.model, "int8", None) == converter_tflite(pcqat.model, "int8", None)


def test_a_broken_promise_is_an_error(pcqat: Network, pruned: Network) -> None:
    with pytest.raises(PromiseBroken, match=r"promised int8 throughout, and .* with kernels of float32"):
        STEP.check_promise(PARAMETERS, pcqat, TfliteFile.parse(float32_tflite(pruned.model)))


def test_the_pre_flight_refuses_it_twice() -> None:
    twice = Recipe(chains=(ChainSettings(name="twice", steps=(PARAMETERS, PARAMETERS)),))
    (finding,) = preflight(twice)
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("scale", ["unit", "symmetric"])
def test_no_pixel_lies_between_two_integers_of_the_input(scale: str, tmp_path: Path) -> None:
    """From -1 to 1 by 2/255 all would; from 0 to 1 by 1/255 all are whole."""
    recipe = make_context(tmp_path / "one").recipe
    images = recipe.images.model_copy(update={"scale": scale})
    context = context_of(recipe.model_copy(update={"images": images}), tmp_path)
    model = two_layers(context)
    facts = NetworkFacts(parameters=model.count_params(), trainable_parameters=model.count_params())
    trained = aware(context, Network(model, facts))
    file = TfliteFile.parse(converter_tflite(trained.model, "int8", None, float_io=False))
    assert file.input.scale is not None
    pixels = context.pipeline.feed(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)) / file.input.scale
    between = np.abs(pixels - np.floor(pixels) - 0.5)
    assert between.min() > 1e-3
