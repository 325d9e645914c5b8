"""Channel pruning reaches its target, keeps what earlier steps made, resumes, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.chain.controls import with_controls
from engine.chain.preflight import errors, preflight
from engine.contract.errors import Cancelled, NutshellError, PromiseBroken
from engine.contract.evidence import Evidence
from engine.contract.network_facts import NetworkFacts
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.export.tflite_conversion import float32_tflite
from engine.graph.graph_builder import GraphBuilder
from engine.measurement.tflite_file import TfliteFile
from engine.steps.channel_pruning.allocation import (
    ChannelTarget,
    CountRule,
    OutOfReach,
    by_scores,
    kept_counts,
    uniform,
)
from engine.steps.channel_pruning.channel_costs import channel_costs
from engine.steps.channel_pruning.coupled_channels import coupled_channels
from engine.steps.channel_pruning.criterion import CRITERIA
from engine.steps.channel_pruning.evidence import RemovedChannels
from engine.steps.channel_pruning.parameters import ChannelPruningParameters
from engine.steps.channel_pruning.step import ChannelPruning
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.steps.quantization_aware_training.step import QuantizationAwareTraining
from engine.steps.train_from_scratch.step import TrainFromScratch, TrainFromScratchParameters
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.training.kernels import kernels
from engine.training.model_graph import graph_of_model
from engine.workbench.network import Network
from engine.workbench.network_file import load_network, save_network
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training


@pytest.fixture(scope="module")
def residual(small_context: StepContext) -> Network:
    """A network of three convolutions and a sum, trained for an epoch."""
    from engine.training.keras_network import build_keras_network

    builder = GraphBuilder((32, 32, 1))
    x = builder.conv(builder.input, 16, 3, "conv1", strides=2)
    x = builder.relu(builder.batch_norm(x, "bn1"), "relu1")
    y = builder.batch_norm(builder.conv(x, 16, 3, "conv2"), "bn2")
    x = builder.relu(builder.add(x, y, "sum"), "relu2")
    x = builder.relu(builder.batch_norm(builder.conv(x, 32, 3, "conv3", strides=2), "bn3"), "relu3")
    builder.dense(builder.global_average_pool(x), 1, "classifier", "sigmoid")
    graph = builder.graph()
    model = build_keras_network(graph, seed=3)
    forget_training(small_context)
    outcome = small_context.trainer.train(model, small_context.baseline_plan.fine_tuning(2, 1e-2))
    forget_training(small_context)
    facts = NetworkFacts(parameters=graph.parameters, trainable_parameters=graph.trainable_parameters())
    return Network(model, facts.after_training(outcome))


def pruned(
    context: StepContext, network: Network, **given: object
) -> tuple[ChannelPruningParameters, Network, RemovedChannels]:
    """The step with few images and multiples of 2, and without training unless it is asked for."""
    quick = {"epochs": 0, "multiple_of": 2, "criterion_images": 20}
    parameters = ChannelPruningParameters.model_validate(quick | given)
    found: list[Evidence] = []
    forget_training(context)
    made = ChannelPruning().apply(parameters, network, replace(context, found=found.append))
    forget_training(context)
    (evidence,) = found[-1:]
    assert isinstance(evidence, RemovedChannels)
    return parameters, made, evidence


def outputs(context: StepContext, network: Network) -> np.ndarray:
    found: np.ndarray = network.model(np.stack(context.calibration_images(24)), training=False).numpy()
    return found


@pytest.mark.parametrize("criterion", CRITERIA.keys())
def test_every_criterion_reaches_half_the_macs_from_below(
    small_context: StepContext, residual: Network, criterion: str
) -> None:
    _, made, evidence = pruned(small_context, residual, criterion=criterion)
    assert 0.4 < evidence.rounds[-1].macs / evidence.macs_before <= 0.5
    assert evidence.rounds[-1].macs == graph_of_model(made.model).macs
    assert evidence.rounds[-1].parameters == made.facts.parameters == made.model.count_params()
    assert [(one.layer, one.before) for one in evidence.layers] == [
        ("conv1", 16),
        ("conv2", 16),
        ("conv3", 32),
        ("classifier", 1),
    ]
    after = {one.layer: one.after for one in evidence.layers}
    assert after["conv1"] == after["conv2"] < 16
    assert after["classifier"] == 1
    assert all(count % 2 == 0 for name, count in after.items() if name != "classifier")


@pytest.mark.parametrize("measure", ["parameters", "bytes"])
def test_global_allocation_reaches_other_measures(small_context: StepContext, residual: Network, measure: str) -> None:
    parameters, made, evidence = pruned(small_context, residual, target={measure: 0.6}, allocation="global")
    if measure == "parameters":
        assert 0.45 < evidence.rounds[-1].parameters / evidence.parameters_before <= 0.6
        return
    content = float32_tflite(made.model)
    shipped, whole = (small_context.most_shipped_bytes(one) for one in (content, float32_tflite(residual.model)))
    assert 0.45 < shipped / whole <= 0.6
    ChannelPruning().check_promise(parameters, made, TfliteFile.parse(content))


def test_a_broken_promise_is_an_error(small_context: StepContext, residual: Network) -> None:
    parameters, made, _ = pruned(small_context, residual)
    whole = TfliteFile.parse(float32_tflite(residual.model))
    with pytest.raises(PromiseBroken, match=r"promised .* parameters and .* MACs"):
        ChannelPruning().check_promise(parameters, made, whole)
    lied = Network(made.model, made.facts.model_copy(update={"channels": {**made.facts.channels, "conv3": 32}}))
    with pytest.raises(PromiseBroken, match="promised 32 channels of conv3"):
        ChannelPruning().check_promise(parameters, lied, TfliteFile.parse(float32_tflite(made.model)))


def chain_of_points(context: StepContext) -> Any:
    """Two 1×1 convolutions without normalisation between them, then the head: all that a channel's mean must cross."""
    import tf_keras

    layers = tf_keras.layers
    tf_keras.utils.set_random_seed(5)
    image = tf_keras.Input((32, 32, 1))
    x = layers.Conv2D(8, 3, strides=4, bias_initializer="random_normal", name="first")(image)
    x = layers.Conv2D(8, 1, use_bias=False, name="second")(layers.ReLU()(x))
    x = layers.Conv2D(8, 1, use_bias=False, name="third")(layers.ReLU()(x))
    x = layers.ReLU()(layers.BatchNormalization(name="bn")(x))
    x = layers.Dense(6, name="hidden")(layers.Flatten()(x))
    return tf_keras.Model(image, layers.Dense(1, "sigmoid", name="classifier")(x))


def network_of(model: Any) -> Network:
    return Network(model, NetworkFacts(parameters=model.count_params(), trainable_parameters=model.count_params()))


def set_filters(
    model: Any, name: str, change: Callable[[np.ndarray], np.ndarray], bias: list[float] | None = None
) -> None:
    layer = model.get_layer(name)
    kernel, *others = layer.get_weights()
    if bias is not None:
        others = [np.asarray(bias, dtype=np.float32)]
    layer.set_weights([change(kernel), *others])


def test_constant_channels_go_without_a_trace(small_context: StepContext) -> None:
    """A filter of zeros gives its bias everywhere: through 1×1 and dense layers its mean replaces it exactly."""
    model = chain_of_points(small_context)

    def emptied(kernel: np.ndarray) -> np.ndarray:
        return np.where(np.arange(kernel.shape[-1]) % 2 == 0, 0, kernel).astype(np.float32)

    set_filters(model, "first", emptied, bias=[0.5, 0, 0.7, 0, 1.0, 0, 0.2, 0])
    for name in ("second", "third"):
        set_filters(model, name, emptied)
    model.get_layer("bn").beta.assign(np.linspace(0.1, 0.9, 8))
    network = network_of(model)
    _, made, evidence = pruned(
        small_context, network, criterion="output_variance", target={"macs": 0.5}, allocation="global"
    )
    assert evidence.rounds[-1].macs <= 0.5 * evidence.macs_before
    constant = {"first": 4, "second": 4, "third": 4}
    assert all(one.after >= constant[one.layer] for one in evidence.layers if one.layer in constant)
    hidden = next(one for one in evidence.layers if one.layer == "hidden")
    assert hidden.after == 6, "all of the hidden layer's channels vary"
    np.testing.assert_allclose(outputs(small_context, made), outputs(small_context, network), atol=1e-5)


def test_channels_that_say_the_same_are_merged_without_a_trace(small_context: StepContext) -> None:
    model = chain_of_points(small_context)

    def doubled(kernel: np.ndarray) -> np.ndarray:
        """The second half says 1.5 times what the first does."""
        half = kernel[..., : kernel.shape[-1] // 2]
        return np.concatenate([half, 1.5 * half], axis=-1)

    set_filters(model, "first", doubled, bias=[0.1, 0.2, 0.1, 0.3, 0.15, 0.3, 0.15, 0.45])
    set_filters(model, "second", doubled)
    network = network_of(model)
    _, made, evidence = pruned(
        small_context, network, criterion="correlation", target={"macs": 0.7}, allocation="global"
    )
    after = {one.layer: one.after for one in evidence.layers}
    assert after["first"] < 8 or after["second"] < 8
    assert min(after["first"], after["second"]) >= 4
    np.testing.assert_allclose(outputs(small_context, made), outputs(small_context, network), atol=1e-4)


def test_taylor_tells_what_the_loss_would_lose(small_context: StepContext, residual: Network) -> None:
    """The squared change without a channel, computed by leaving each of them out."""
    from engine.steps.channel_pruning.first_order import squared_changes
    from engine.training.kernels import clone
    from engine.training.objective import cross_entropy

    model = clone(residual.model)
    images = small_context.calibration_images(8)
    labels = small_context.dataset.labels[images.rows]
    graph = graph_of_model(model)
    found = squared_changes(model, graph, ["bn3"], images, labels, lambda: None)["bn3"]
    layer, batch = model.get_layer("bn3"), np.stack(images)
    gamma, beta = layer.gamma.numpy(), layer.beta.numpy()

    def loss(share: float, channel: int) -> float:
        kept = np.where(np.arange(len(gamma)) == channel, share, 1.0)
        layer.gamma.assign(gamma * kept)
        layer.beta.assign(beta * kept)
        return float(np.mean(cross_entropy(model(batch, training=False), labels)))

    slopes = [(loss(1.01, channel) - loss(0.99, channel)) / 0.02 for channel in range(len(gamma))]
    np.testing.assert_allclose(found, np.square(slopes), rtol=0.1, atol=1e-6)


def test_the_group_penalty_is_that_of_the_paper(residual: Network) -> None:
    from engine.steps.channel_pruning.group_sparsity import GroupSparsity

    graph = graph_of_model(residual.model)
    coupled = coupled_channels(graph)
    objective = GroupSparsity(residual.model, graph, coupled, labels=None, strength=1.0)  # type: ignore[arg-type]
    weights = {
        name: [one.astype(np.float64) for one in residual.model.get_layer(name).get_weights()]
        for name in ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "classifier")
    }
    square = np.square
    shared = square(weights["conv1"][0]).sum((0, 1, 2)) + square(weights["conv2"][0]).sum((0, 1, 2))
    shared += square(weights["conv2"][0]).sum((0, 1, 3)) + square(weights["conv3"][0]).sum((0, 1, 3))
    shared += sum(square(weights[name][0]) + square(weights[name][1]) for name in ("bn1", "bn2"))
    last = square(weights["conv3"][0]).sum((0, 1, 2)) + square(weights["classifier"][0]).sum(1)
    last += square(weights["bn3"][0]) + square(weights["bn3"][1])
    expected = sum(
        (2 ** (4 * (sizes.max() - sizes) / (sizes.max() - sizes.min())) * sizes).sum() for sizes in (shared, last)
    )
    np.testing.assert_allclose(objective.sizes().numpy(), np.concatenate([shared, last]), rtol=1e-4)
    assert float(objective.penalty()) == pytest.approx(expected, rel=1e-4)


TRAINED = {
    "rounds": 2,
    "epochs": 1,
    "teacher": True,
    "group_sparsity": 1e-3,
    "sparsity_epochs": 1,
    "criterion": "bn_scale",
    "allocation": "global",
    "target": {"macs": 0.5},
}


@pytest.fixture(scope="module")
def in_rounds(small_context: StepContext, residual: Network) -> tuple[Network, RemovedChannels]:
    """Sparse training, then two rounds with fine-tuning by the unpruned network."""
    _, made, evidence = pruned(small_context, residual, **TRAINED)
    return made, evidence


def test_rounds_tell_their_accuracies_and_remove_equal_shares(in_rounds: tuple[Network, RemovedChannels]) -> None:
    made, evidence = in_rounds
    first, second = (one.macs / evidence.macs_before for one in evidence.rounds)
    assert 0.55 < first <= 0.5**0.5
    assert 0.35 < second <= 0.5
    assert [one.epochs for one in evidence.rounds] == [1, 1]
    assert made.facts.trained_epochs == 3
    assert made.facts.total_epochs == 2 + 3
    assert len(evidence.rows()) == 3
    assert "of the MACs" in evidence.sentence()


class KilledAt:
    """A trainer's events until one of them kills the process, as far as a test can."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch

    def __call__(self, event: object) -> None:
        if getattr(event, "epoch", 0) == self._epoch and type(event).__name__ == "EpochFinished":
            raise Cancelled


@pytest.mark.parametrize("epoch", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_killed_run_continues_and_ends_in_the_same_weights(
    small_context: StepContext, residual: Network, in_rounds: tuple[Network, RemovedChannels], epoch: int
) -> None:
    expected, told = in_rounds
    parameters = ChannelPruningParameters.model_validate({"multiple_of": 2, "criterion_images": 20} | TRAINED)
    forget_training(small_context)
    dying = replace(small_context, trainer=replace(small_context.trainer, emit=KilledAt(epoch)))
    with pytest.raises(Cancelled):
        ChannelPruning().apply(parameters, residual, dying)
    found: list[Evidence] = []
    made = ChannelPruning().apply(parameters, residual, replace(small_context, found=found.append))
    forget_training(small_context)
    for one, other in zip(made.model.get_weights(), expected.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert found[-1] == told
    assert [one.name for one in made.model.layers] == [one.name for one in expected.model.layers]


def test_stopping_removes_all_channels_at_once(small_context: StepContext, residual: Network) -> None:
    control = small_context.trainer.control
    control.stop_stage()
    _, made, evidence = pruned(small_context, residual, **TRAINED | {"epochs": 2})
    assert made.facts.stopped_early
    assert evidence.rounds[-1].macs <= 0.5 * evidence.macs_before
    assert evidence.rounds[-1].epochs == 0


def test_later_steps_work_on_it_and_it_survives_its_file(
    small_context: StepContext, in_rounds: tuple[Network, RemovedChannels], tmp_path: Path
) -> None:
    network, _ = in_rounds
    save_network(tmp_path, network)
    loaded = load_network(tmp_path)
    assert loaded.facts == network.facts
    np.testing.assert_array_equal(outputs(small_context, loaded), outputs(small_context, network))
    check_int8(small_context, loaded, "int8")


def check_int8(context: StepContext, network: Network, scheme: str) -> None:
    step = PostTrainingQuantization()
    parameters = step.Parameters.model_validate({"scheme": scheme, "calibration_images": 20})
    file = TfliteFile.parse(step.apply(parameters, network, context))
    step.check_promise(parameters, network, file)
    assert file.macs == network.facts.macs


@pytest.mark.slow
def test_every_scheme_and_training_for_int8(
    small_context: StepContext, in_rounds: tuple[Network, RemovedChannels]
) -> None:
    network, _ = in_rounds
    for scheme in ("int16x8", "dynamic_range", "float16", "int4"):
        check_int8(small_context, network, scheme)
    forget_training(small_context)
    training = QuantizationAwareTraining()
    trained = training.apply(training.Parameters.model_validate({"epochs": 1}), network, small_context)
    forget_training(small_context)
    assert trained.facts.channels == network.facts.channels


@pytest.fixture(scope="module")
def half_zeros(residual: Network) -> Network:
    """The network with half of each convolution's weights at zero, as a pruning leaves it."""
    from engine.training.kernels import clone

    model = clone(residual.model)
    for kernel in kernels(model, "conv").values():
        values = kernel.numpy()
        kernel.assign(np.where(np.abs(values) < np.median(np.abs(values)), 0, values))
    facts = residual.facts.model_copy(update={"pruned_layers": ("conv1", "conv2", "conv3")})
    return Network(model, facts)


def test_zeros_of_an_earlier_pruning_stay(small_context: StepContext, half_zeros: Network) -> None:
    """Merging adds weights to others, but not to those at zero: what stays of a kernel has its zeros where it had."""
    _, merged, _ = pruned(small_context, half_zeros, criterion="correlation")
    coupled = coupled_channels(graph_of_model(half_zeros.model))
    kept = merged.facts.channels["conv1"]
    assert kept < 16 == len(coupled.tied[0].groups)
    shares = [float(np.mean(one.numpy() == 0)) for one in kernels(merged.model, "conv").values()]
    assert min(shares) > 0.3
    assert merged.facts.pruned_layers == half_zeros.facts.pruned_layers


def test_zeros_and_clusters_stay_while_it_is_fine_tuned(small_context: StepContext, half_zeros: Network) -> None:
    forget_training(small_context)
    clustered = WeightClustering().apply(WeightClusteringParameters(clusters=8, epochs=0), half_zeros, small_context)
    parameters, made, _ = pruned(small_context, clustered, criterion="output_variance", epochs=1)
    assert max(len(np.unique(one.numpy())) for one in kernels(made.model).values()) <= 8
    assert min(float(np.mean(one.numpy() == 0)) for one in kernels(made.model, "conv").values()) > 0.3
    assert made.facts.clusters == 8
    ChannelPruning().check_promise(parameters, made, TfliteFile.parse(float32_tflite(made.model)))


def test_the_control_is_the_same_architecture_from_scratch_for_all_epochs(
    small_context: StepContext, in_rounds: tuple[Network, RemovedChannels]
) -> None:
    network, _ = in_rounds
    control = TrainFromScratch().apply(TrainFromScratchParameters(epochs=0), network, small_context)
    forget_training(small_context)
    assert [one.shape for one in control.model.get_weights()] == [one.shape for one in network.model.get_weights()]
    assert control.facts.trained_epochs == control.facts.total_epochs == 5
    TrainFromScratch().check_promise(
        TrainFromScratchParameters(), control, TfliteFile.parse(float32_tflite(control.model))
    )


def test_the_control_is_a_chain_that_shares_the_pruning() -> None:
    from engine.chain.stage_tree import plan

    steps = (ChannelPruningParameters(epochs=3), {"step": "post_training_quantization", "scheme": "int8"})
    recipe = Recipe.model_validate({"chains": [{"name": "half", "steps": steps}], "training": {"epochs": 10}})
    chain, control = with_controls(recipe.chains)
    assert [one.step for one in control.steps] == [
        "channel_pruning",
        "train_from_scratch",
        "post_training_quantization",
    ]
    assert control.name == "half (control)"
    tree = plan(recipe.model_copy(update={"images": recipe.images.first}), "fingerprint")
    _, shared, _, scratch, _ = tree.stages
    assert shared.chains == ("half", "half (control)")
    assert scratch.epochs == 10 + 3
    alone = chain.steps[0].model_copy(update={"control": False})
    assert alone.stage_document() == chain.steps[0].stage_document()


def recipe_with(*steps: object, **more: object) -> Recipe:
    given = {"backbone": {"kind": "resnet18", "width": 0.25}, "images": {"size": 32}} | more
    return Recipe.model_validate(given | {"chains": [{"name": "chain", "steps": steps}]})


def test_the_pre_flight_refuses_with_a_repair() -> None:
    (fault,) = errors(preflight(recipe_with(ChannelPruningParameters(target={"macs": 0.05}))))
    assert "is out of reach: with multiple_of = 8 and minimum_channels = 1 at least" in fault.message
    assert fault.repair is not None
    assert "Keep multiples of 4" in fault.repair.sentence
    clusters = WeightClusteringParameters()
    (fault,) = errors(preflight(recipe_with(clusters, ChannelPruningParameters(criterion="correlation"))))
    assert "in no cluster" in fault.message
    qat = QuantizationAwareTraining.Parameters.model_validate({})
    (fault,) = errors(preflight(recipe_with(qat, ChannelPruningParameters())))
    assert "belong to the channels that it had" in fault.message
    plain = {"backbone": {"kind": "vgg16", "width": 0.25}}
    (fault,) = errors(preflight(recipe_with(ChannelPruningParameters(criterion="bn_scale"), **plain)))
    assert "this network has none" in fault.message
    excited = {"backbone": {"kind": "mobilenet_v3_small"}}
    (fault,) = errors(preflight(recipe_with(ChannelPruningParameters(criterion="bn_scale"), **excited)))
    assert "more layers have none behind, or one without scales" in fault.message


def test_the_planned_architecture_is_the_smaller_one() -> None:
    from engine.workbench.step import graph_after

    recipe = recipe_with(ChannelPruningParameters(), MagnitudePruningParameters())
    recipe = recipe.model_copy(update={"images": recipe.images.first})
    before, after = (graph_after(recipe, recipe.chains[0].steps[:count], 2) for count in (0, 1))
    assert 0.4 * before.macs < after.macs <= 0.5 * before.macs
    assert after.parameters < before.parameters
    assert [layer.name for layer in after.layers] == [layer.name for layer in before.layers]


def test_recipes_say_one_target_and_a_known_criterion() -> None:
    recipe = recipe_with(ChannelPruningParameters(target={"parameters": 0.25}, criterion="taylor"))
    assert "parameters = 0.25" in recipe_text(recipe)
    assert parse_recipe(recipe_text(recipe)) == recipe
    with pytest.raises(ValueError, match="a target is one of macs, parameters, bytes and latency"):
        ChannelPruningParameters.model_validate({"target": {"macs": 0.5, "bytes": 0.5}})
    with pytest.raises(ValueError, match='did you mean "taylor"'):
        ChannelPruningParameters.model_validate({"criterion": "tailor"})


def counts(total: list[int]) -> Iterator[tuple[list[int], Any]]:
    yield total, uniform(total)
    generator = np.random.default_rng(1)
    yield total, by_scores([generator.random(count) for count in total])


def test_allocations_reach_every_target_from_below_and_nearly() -> None:
    builder = GraphBuilder((32, 32, 3))
    x = builder.input
    for place, filters in enumerate((32, 48, 64, 96)):
        x = builder.relu(builder.conv(x, filters, 3, f"conv{place}"), f"relu{place}")
    builder.dense(builder.global_average_pool(x), 10, "classifier", "softmax")
    graph = builder.graph()
    costs = channel_costs(graph, coupled_channels(graph))
    for total, ideal in counts([32, 48, 64, 96]):
        for share in (0.9, 0.5, 0.25, 0.1):
            target, rule = ChannelTarget("macs", share), CountRule(4, 4)
            kept = kept_counts(total, ideal, costs, graph.macs, target, rule)
            assert 0.8 * share < costs.of(kept)["macs"] / graph.macs <= share
            assert all(count % 4 == 0 for count in kept)
    with pytest.raises(OutOfReach, match=r"at least 0\.0\d\d remains"):
        kept_counts([32, 48, 64, 96], uniform([32, 48, 64, 96]), costs, graph.macs, ChannelTarget("macs", 1e-3), rule)


def test_a_network_without_free_channels_is_refused(small_context: StepContext) -> None:
    import tf_keras

    image = tf_keras.Input((32, 32, 1))
    flat = tf_keras.layers.Flatten()(image)
    model = tf_keras.Model(image, tf_keras.layers.Dense(1, "sigmoid", name="classifier")(flat))
    with pytest.raises(NutshellError, match="No channel of this network can go"):
        pruned(small_context, network_of(model))
