"""How many channels each layer keeps: by what its channels are worth, and by the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.chain.preflight import errors, preflight
from engine.contract.errors import NutshellError
from engine.contract.events import Notice
from engine.contract.findings import Severity
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.graph.graph_builder import GraphBuilder
from engine.inspection.output_costs import logits_of, scheme_cost
from engine.steps.channel_pruning.allocation import (
    ChannelTarget,
    CountRule,
    DamageCurve,
    by_damage,
    kept_counts,
    uniform,
)
from engine.steps.channel_pruning.channel_costs import channel_costs
from engine.steps.channel_pruning.coupled_channels import coupled_channels
from engine.steps.channel_pruning.criterion import CRITERIA
from engine.steps.channel_pruning.damage import damage_curves
from engine.steps.channel_pruning.observation import Observation
from engine.steps.channel_pruning.parameters import ChannelPruningParameters
from engine.steps.channel_pruning.pruner import Pruner, TimedShare
from engine.steps.channel_pruning.smaller_network import smaller_network
from engine.steps.channel_pruning.step import ChannelPruning
from engine.training.keras_network import build_keras_network
from engine.training.model_graph import graph_of_model
from engine.workbench.labelled_images import LabelledImages
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.engine.steps.test_channel_pruning import network_of
from tests.small_study import forget_training


def network(side: int = 32) -> Any:
    """Two stages with a residual sum, batch normalisation and a convolution with a bias."""
    builder = GraphBuilder((side, side, 1))
    x = builder.conv(builder.input, 16, 3, "conv1", strides=2)
    x = builder.relu(builder.batch_norm(x, "bn1"), "relu1")
    y = builder.batch_norm(builder.conv(x, 16, 3, "conv2"), "bn2")
    x = builder.relu(builder.add(x, y, "sum"), "relu2")
    x = builder.relu(builder.conv(x, 32, 3, "conv3", strides=2, use_bias=True), "relu3")
    builder.dense(builder.global_average_pool(x), 4, "classifier", "softmax")
    model = build_keras_network(builder.graph(), seed=3)
    generator = np.random.default_rng(5)
    for name in ("bn1", "bn2"):
        size = model.get_layer(name).gamma.shape[0]
        gamma, beta, mean = (generator.normal(1, 0.4, size), *generator.normal(0, 0.3, (2, size)))
        model.get_layer(name).set_weights([gamma, beta, mean, generator.uniform(0.5, 2, size)])
    model.get_layer("classifier").kernel.assign(generator.normal(0, 1.5, (32, 4)))
    return model


def images(count: int = 40, side: int = 32) -> LabelledImages:
    generator = np.random.default_rng(9)
    drawn = generator.random((count, side, side, 1), dtype=np.float32)
    return LabelledImages(list(drawn), generator.integers(0, 4, count))


def observed(model: Any, criterion: str) -> Observation:
    graph = graph_of_model(model)
    return Observation(model, graph, coupled_channels(graph), CRITERIA[criterion](), images(), np.random.default_rng(1))


@pytest.mark.parametrize("criterion", ["l1", "output_variance", "correlation"])
def test_the_damage_is_that_of_the_smaller_network_and_leaves_no_trace(criterion: str) -> None:
    model = network()
    before = [one.copy() for one in model.get_weights()]
    seen = observed(model, criterion)
    scores = seen.scores()
    curves = damage_curves(seen, scores, ())
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    batch, labels = np.stack(seen.sample.images), seen.sample.labels
    whole = logits_of(model(batch, training=False).numpy())
    for tied, own, curve in zip(seen.coupled.tied, scores, curves, strict=True):
        assert curve.removed[0] == 0 == curve.divergence[0]
        assert curve.removed[-1] == len(tied.groups) - 1
        for count, divergence in zip(curve.removed[1:], curve.divergence[1:], strict=True):
            removed = tied.groups[np.argsort(own, kind="stable")[:count]]
            compensation = seen.compensation(removed.tolist(), ())
            small = smaller_network(model, seen.graph, seen.coupled, removed, compensation)
            expected = scheme_cost(whole, logits_of(small(batch, training=False).numpy()), labels, "SOFTMAX").kl
            assert divergence == pytest.approx(expected, rel=1e-3, abs=1e-6)
            assert expected > 0


def test_logits_of_probabilities_give_them_back() -> None:
    sure = np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]], dtype=np.float32)
    found = np.exp(logits_of(sure))
    np.testing.assert_allclose(found / found.sum(axis=1, keepdims=True), sure, atol=1e-7)
    one = np.array([[0.9], [1.0], [0.0]], dtype=np.float32)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits_of(one))), one, atol=1e-7)


def curve(*damage: float) -> DamageCurve:
    return DamageCurve(np.array([0, 4, 8, 12, 15]), np.array([0.0, *damage]))


def test_channels_go_where_they_do_least_for_what_they_save() -> None:
    ideal = by_damage([curve(1, 2, 3, 4), curve(0.1, 0.2, 0.3, 40)], prices=[10, 10])
    assert ideal(0.0) == [16, 16]
    assert ideal(1.0) == [1, 1]
    assert ideal(0.2) == [16, pytest.approx(16 - 6)]
    # The first 12 groups of the second, all of the first, and only then its last three.
    assert ideal(0.8) == [pytest.approx(4), pytest.approx(4)]
    # What saves ten times as much may do ten times the damage.
    dear = by_damage([curve(1, 2, 3, 4), curve(0.2, 0.4, 0.6, 0.8)], prices=[100, 10])
    assert dear(0.5)[0] < 16
    assert dear(0.5)[1] == 16


def test_a_curve_that_falls_by_chance_is_followed_from_below() -> None:
    ideal = by_damage([curve(2, 0.5, 0.4, 3), curve(1, 2, 3, 4)], prices=[1, 1])
    assert ideal(8 / 30)[1] == 16
    assert [round(one) for one in ideal(12 / 30)] == [4, 16]


def test_a_layer_of_one_group_keeps_it() -> None:
    single = DamageCurve(np.array([0]), np.array([0.0]))
    assert by_damage([single, curve(1, 2, 3, 4)], prices=[0, 1])(1.0) == [1, 1]


def test_layers_that_hardly_matter_lose_most(small_context: StepContext) -> None:
    """Where one layer's channels are all but unused, it loses them; every layer would lose as many by `uniform`."""
    model = network()
    kernel = model.get_layer("classifier").kernel
    kernel.assign(np.where(np.arange(32)[:, None] < 28, 1e-3, 1.0) * kernel.numpy())
    context = of_four_classes(small_context)
    kept = {}
    for allocation in ("uniform", "sensitivity"):
        given = {"target": {"parameters": 0.6}, "allocation": allocation, "criterion": "taylor"}
        made, _ = pruned(context, model, **given)
        kept[allocation] = made.facts.channels
        assert made.facts.parameters <= 0.6 * model.count_params()
    assert kept["sensitivity"]["conv3"] < kept["uniform"]["conv3"]
    assert kept["sensitivity"]["conv1"] > kept["uniform"]["conv1"]


def of_four_classes(context: StepContext) -> StepContext:
    return replace(context, dataset=replace(context.dataset, labels=np.arange(len(context.dataset.labels)) % 4))


def pruned(context: StepContext, model: Any, **given: object) -> tuple[Network, list[str]]:
    told: list[str] = []

    def emit(event: object) -> None:
        if isinstance(event, Notice):
            told.append(event.message)

    quick = {"epochs": 0, "multiple_of": 2, "criterion_images": 20}
    parameters = ChannelPruningParameters.model_validate(quick | given)
    forget_training(context)
    listening = replace(context, trainer=replace(context.trainer, emit=emit))
    made = ChannelPruning().apply(parameters, network_of(model), listening)
    forget_training(context)
    return made, told


def pruner(ratio: Callable[[Any], float], told: list[str]) -> Pruner:
    from engine.contract.progress import UNWATCHED

    def timed(model: Any) -> TimedShare:
        share = ratio(model)
        return TimedShare(share, share)

    return Pruner(
        CRITERIA["l1"](),
        "uniform",
        "macs",
        CountRule(2, 1),
        images(),
        (),
        1,
        lambda model: 0,
        timed,
        told.append,
        UNWATCHED,
    )


@pytest.mark.parametrize("power", [0.5, 0.9, 1.3])
def test_the_largest_network_within_the_time_is_found(power: float) -> None:
    """With a clock that is a power of the multiply-accumulates, so that the answer is known."""
    model, told = network(), list[str]()
    whole = graph_of_model(model).macs
    ratios: list[float] = []

    def ratio(small: Any) -> float:
        ratios.append((graph_of_model(small).macs / whole) ** power)
        return ratios[-1]

    made = pruner(ratio, told)
    small = made.prune(model, 0.7, made.cost(model).costs, 0)
    assert 0.6 < (graph_of_model(small).macs / whole) ** power <= 0.7
    assert len(ratios) <= 6
    assert f"take {(graph_of_model(small).macs / whole) ** power:.2f} of the time" in told[0]


def test_a_latency_that_no_network_has_is_told() -> None:
    model = network()
    made = pruner(lambda small: 0.9, [])
    with pytest.raises(NutshellError, match=r"latency = 0\.5 was not reached: the fastest .* takes 0\.90"):
        made.prune(model, 0.5, made.cost(model).costs, 0)


def test_a_latency_is_timed_with_the_files_that_would_ship(small_context: StepContext) -> None:
    made, told = pruned(of_four_classes(small_context), network(), target={"latency": 0.9})
    assert graph_of_model(made.model).macs < graph_of_model(network()).macs
    assert "of the time on this machine" in told[0]


def recipe_with_latency(share: float) -> Recipe:
    given = {"step": "channel_pruning", "target": {"latency": share}, "allocation": "sensitivity", "control": False}
    return Recipe.model_validate(
        {
            "backbone": {"kind": "resnet18", "width": 0.25},
            "images": {"size": 32},
            "chains": [{"name": "half", "steps": [given]}],
        }
    )


def test_a_recipe_may_ask_for_both() -> None:
    recipe = recipe_with_latency(0.5)
    assert "latency = 0.5" in recipe_text(recipe)
    assert parse_recipe(recipe_text(recipe)) == recipe
    assert recipe.chains[0].steps[0].label() == "50 % latency by l1"
    assert any("timed on this machine" in finding.message for finding in preflight(recipe))
    impossible = recipe_with_latency(0.01)
    assert not errors(preflight(impossible))
    (warning,) = [one for one in preflight(impossible) if one.severity is Severity.WARNING]
    assert "latency = 0.01 will hardly be reached" in warning.message
    assert warning.repair is not None


def test_sensitivity_reaches_every_target_from_below() -> None:
    graph = graph_of_model(network())
    coupled = coupled_channels(graph)
    counts = [len(one.groups) for one in coupled.tied]
    costs = channel_costs(graph, coupled)
    curves = [DamageCurve(np.array([0, count - 1]), np.array([0.0, 1.0])) for count in counts]
    for ideal in (uniform(counts), by_damage(curves, [3.0, 1.0])):
        for share in (0.9, 0.5, 0.25):
            kept = kept_counts(counts, ideal, costs, graph.macs, ChannelTarget("macs", share), CountRule(1, 1))
            assert 0.75 * share < costs.of(kept)["macs"] / graph.macs <= share
