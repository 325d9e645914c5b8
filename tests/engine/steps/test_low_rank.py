"""Factored layers compute what kernels of lower rank do and cost what is told; every later step works on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.backbones.backbone import BACKBONES
from engine.chain.preflight import errors, preflight
from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.evidence import Evidence
from engine.contract.recipe import Recipe
from engine.export.tflite_conversion import float32_tflite
from engine.graph.graph_builder import GraphBuilder
from engine.inspection.output_costs import logits_of, scheme_cost
from engine.measurement.tflite_file import TfliteFile
from engine.steps.channel_pruning.parameters import ChannelPruningParameters
from engine.steps.channel_pruning.step import ChannelPruning
from engine.steps.low_rank.evidence import LayerRanks
from engine.steps.low_rank.factored_network import factored_network
from engine.steps.low_rank.factors import Factors, factored_graph, factorings, factors
from engine.steps.low_rank.parameters import LowRankParameters
from engine.steps.low_rank.ranks import by_energy, by_sensitivity
from engine.steps.low_rank.step import LowRank
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.training.keras_network import build_keras_network
from engine.training.kernels import clone, kernels
from engine.training.model_graph import graph_of_model
from engine.workbench.labelled_images import LabelledImages
from engine.workbench.network import Network
from engine.workbench.network_file import load_network, save_network
from engine.workbench.step_context import StepContext
from tests.engine.steps.pruned_networks import draw_weights, drawn_network
from tests.small_study import forget_training

METHODS = pytest.mark.parametrize("method", ["spatial", "channel"])
SIDE = 32


def unusual() -> Any:
    """Strides, dilation, kernels that are not square in their effect, a bias, an activation, dense layers."""
    builder = GraphBuilder((SIDE, SIDE, 3))
    x = builder.relu(builder.batch_norm(builder.conv(builder.input, 16, 7, "stem", strides=2), "stem_bn"), "stem_relu")
    x = builder.relu(builder.conv(x, 16, 3, "dilated", dilation=2, use_bias=True), "dilated_relu")
    x = builder.relu(builder.conv(x, 24, 3, "valid", padding="valid"), "valid_relu")
    x = builder.relu(builder.conv(x, 32, 5, "strided", strides=2), "strided_relu")
    x = builder.relu(builder.conv(x, 32, 1, "point"), "point_relu")
    x = builder.dense(builder.flatten(x), 40, "hidden", "relu")
    builder.dense(x, 4, "classifier", "softmax")
    model = build_keras_network(builder.graph(), seed=3)
    draw_weights(model)
    return model


def decomposed(model: Any, method: str) -> dict[str, Factors]:
    found = factorings(graph_of_model(model), method, convolutions_only=False)  # type: ignore[arg-type]
    return {name: factors(one, kernels(model)[name].numpy()) for name, one in found.items()}


def images(count: int = 4, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(3).random((count, SIDE, SIDE, channels), dtype=np.float32)


def check_equality(model: Any, method: str) -> None:
    """With half of the ranks that save anything, beside the same network with kernels of that rank."""
    graph, layers = graph_of_model(model), decomposed(model, method)
    ranks = {name: max(1, one.factoring.most // 2) for name, one in layers.items()}
    small, low = factored_network(model, graph, layers, ranks), clone(model)
    for name, rank in ranks.items():
        kernels(low)[name].assign(layers[name].whole(rank))
    fed = images(channels=model.input_shape[-1])
    outputs, whole = small(fed, training=False).numpy(), model(fed, training=False).numpy()
    assert np.abs(outputs - low(fed, training=False).numpy()).max() < 1e-4
    assert np.abs(outputs - whole).max() > 1e-3, "nothing was lost, so equality shows nothing"
    made = graph_of_model(small)
    told = factored_graph(graph, {name: (layers[name].factoring, rank) for name, rank in ranks.items()})
    assert {one.name: (one.shape, one.macs, one.parameters, one.inputs) for one in made.layers} == {
        one.name: (one.shape, one.macs, one.parameters, one.inputs) for one in told.layers
    }
    assert small.count_params() == made.parameters
    assert made.macs < graph.macs


@METHODS
def test_two_layers_compute_what_a_kernel_of_lower_rank_does(method: str) -> None:
    check_equality(unusual(), method)


@METHODS
@pytest.mark.parametrize("kind", ["resnet8", "mobilenet_v2"])
def test_a_backbone(kind: str, method: str) -> None:
    check_equality(drawn_network(kind, 0.25, SIDE), method)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@METHODS
@pytest.mark.parametrize("kind", BACKBONES.keys())
def test_every_backbone(kind: str, method: str) -> None:
    check_equality(drawn_network(kind, 0.25, SIDE), method)


@METHODS
def test_the_full_rank_changes_nothing(method: str) -> None:
    model = unusual()
    layers = decomposed(model, method)
    ranks = {name: one.factoring.full_rank for name, one in layers.items()}
    fed = images()
    made = factored_network(model, graph_of_model(model), layers, ranks)(fed, training=False).numpy()
    np.testing.assert_allclose(made, model(fed, training=False).numpy(), atol=1e-5)
    for name, one in layers.items():
        np.testing.assert_allclose(one.whole(ranks[name]), kernels(model)[name].numpy(), atol=1e-6)


def test_energy_is_the_share_of_squared_singular_values_that_is_left() -> None:
    model = unusual()
    layers = decomposed(model, "spatial")
    ranks = by_energy(layers, 0.5, 1)
    assert ranks
    for name, rank in ranks.items():
        kernel = kernels(model)[name].numpy().astype(np.float64)
        lost = np.square(kernel - layers[name].whole(rank)).sum() / np.square(kernel).sum()
        assert layers[name].energy(rank) == pytest.approx(1 - lost, abs=1e-5)
        assert layers[name].energy(rank) >= 0.5
        assert rank == 1 or layers[name].energy(rank - 1) < 0.5
    assert all(rank % 4 == 0 for rank in by_energy(layers, 0.5, 4).values())


def test_sensitivity_keeps_the_macs_and_spares_the_layers_that_matter() -> None:
    """Two layers of one shape: the one whose kernel is of rank 4 but for noise loses rank, the other does not."""
    builder = GraphBuilder((SIDE, SIDE, 3))
    x = builder.relu(builder.conv(builder.input, 16, 3, "stem", strides=4), "relu")
    x = builder.relu(builder.conv(x, 16, 3, "low"), "low_relu")
    x = builder.relu(builder.conv(x, 16, 3, "high"), "high_relu")
    builder.dense(builder.global_average_pool(x), 4, "classifier", "softmax")
    model = build_keras_network(builder.graph(), seed=3)
    kernel = kernels(model)["classifier"]
    kernel.assign(kernel.numpy() * 5)
    low = kernels(model)["low"]
    low.assign(decomposed(model, "spatial")["low"].whole(4))
    before = [one.copy() for one in model.get_weights()]
    layers, graph = decomposed(model, "spatial"), graph_of_model(model)
    sample = LabelledImages(list(images(24)), np.arange(24) % 4)
    ranks = by_sensitivity(model, layers, 0.7, graph, 2, sample)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert ranks["low"] < ranks.get("high", layers["high"].factoring.full_rank)
    small = factored_network(model, graph, layers, ranks)
    assert 0.5 < graph_of_model(small).macs / graph.macs <= 0.7
    logits = [logits_of(one(np.stack(sample.images), training=False).numpy()) for one in (model, small)]
    assert scheme_cost(*logits, sample.labels, "SOFTMAX").kl < 0.05
    with pytest.raises(NutshellError, match=r"macs = 0\.01 is out of reach: with the lowest ranks 0\.\d+"):
        by_sensitivity(model, layers, 0.01, graph, 2, sample)


def applied(context: StepContext, network: Network, **given: object) -> tuple[LowRankParameters, Network, LayerRanks]:
    parameters = LowRankParameters.model_validate({"epochs": 0, "multiple_of": 2, "criterion_images": 16} | given)
    found: list[Evidence] = []
    forget_training(context)
    made = LowRank().apply(parameters, network, replace(context, found=found.append))
    forget_training(context)
    (evidence,) = found
    assert isinstance(evidence, LayerRanks)
    return parameters, made, evidence


@METHODS
def test_half_the_macs_remain_in_the_file_and_it_says_so(
    small_context: StepContext, trained_network: Network, method: str
) -> None:
    parameters, made, evidence = applied(small_context, trained_network, method=method)
    whole, content = float32_tflite(trained_network.model), float32_tflite(made.model)
    file = TfliteFile.parse(content)
    assert 0.35 < file.macs / TfliteFile.parse(whole).macs <= 0.5
    assert len(content) < len(whole)
    assert evidence.macs_after == made.facts.macs == file.macs
    LowRank().check_promise(parameters, made, file)
    assert "of the MACs remain" in evidence.sentence()
    assert len(evidence.rows()) == len(evidence.layers)
    kept = evidence.macs_before - sum(one.macs_before for one in evidence.layers)
    assert kept + sum(one.macs_after for one in evidence.layers) == evidence.macs_after
    with pytest.raises(PromiseBroken, match="MACs"):
        LowRank().check_promise(parameters, made, TfliteFile.parse(whole))


def test_later_steps_work_on_it_and_it_survives_its_file(
    small_context: StepContext, trained_network: Network, tmp_path: Any
) -> None:
    _, made, evidence = applied(small_context, trained_network, epochs=1)
    assert made.facts.trained_epochs == 1
    assert evidence.validation_accuracy_after_fine_tuning > 0
    save_network(tmp_path, made)
    loaded = load_network(tmp_path)
    fed = np.stack(small_context.calibration_images(8))
    np.testing.assert_array_equal(loaded.model(fed).numpy(), made.model(fed).numpy())
    quantisation = PostTrainingQuantization()
    parameters = quantisation.Parameters.model_validate({"scheme": "int8", "calibration_images": 16})
    content = quantisation.apply(parameters, made, small_context)  # type: ignore[arg-type]
    quantisation.check_promise(parameters, made, TfliteFile.parse(content))  # type: ignore[arg-type]
    narrower = ChannelPruningParameters(epochs=0, multiple_of=2, target={"macs": 0.7})
    pruned = ChannelPruning().apply(narrower, made, small_context)
    forget_training(small_context)
    ChannelPruning().check_promise(narrower, pruned, TfliteFile.parse(float32_tflite(pruned.model)))


def test_ranks_that_save_nothing_are_refused(small_context: StepContext, trained_network: Network) -> None:
    with pytest.raises(NutshellError, match="No layer becomes cheaper by these ranks; lower energy"):
        applied(small_context, trained_network, choose="energy", energy=0.999999)


def recipe_with(*steps: object, **backbone: object) -> Recipe:
    return Recipe.model_validate(
        {
            "backbone": {"kind": "resnet18", "width": 0.25} | backbone,
            "images": {"size": SIDE},
            "chains": [{"name": "chain", "steps": steps}],
        }
    )


def test_the_pre_flight_refuses_with_a_repair() -> None:
    (fault,) = errors(preflight(recipe_with(LowRankParameters(macs=0.02))))
    assert "out of reach" in fault.message
    assert fault.repair is not None
    assert "remain" in fault.repair.sentence
    (fault,) = errors(preflight(recipe_with(LowRankParameters(multiple_of=128), width=0.1)))
    assert "becomes cheaper" in fault.message
    assert fault.repair is not None
    (fault,) = errors(preflight(recipe_with({"step": "magnitude_pruning"}, LowRankParameters())))
    assert "factor first" in fault.message
    assert not errors(preflight(recipe_with(LowRankParameters(), {"step": "magnitude_pruning"})))


def test_the_planned_architecture_is_cheaper() -> None:
    from engine.workbench.step import graph_after

    for method in ("spatial", "channel"):
        recipe = recipe_with(LowRankParameters(method=method), ChannelPruningParameters())
        recipe = recipe.model_copy(update={"images": recipe.images.first})
        before, low, narrow = (graph_after(recipe, recipe.chains[0].steps[:count], 10) for count in (0, 1, 2))
        assert narrow.macs < low.macs < 0.7 * before.macs


def test_what_one_way_needs_names_no_other_stage_of_the_other() -> None:
    one, other = (LowRankParameters(energy=energy) for energy in (0.5, 0.9))
    assert one.stage_document() == other.stage_document()
    one, other = (LowRankParameters(choose="energy", macs=macs) for macs in (0.5, 0.9))
    assert one.stage_document() == other.stage_document()
