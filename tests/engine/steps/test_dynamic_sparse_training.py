"""Dynamic sparse training leaves a sparse network of the planned densities, and later steps keep its zeros."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.evidence import Evidence
from engine.contract.findings import Severity
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.dynamic_sparse_training.densities import active_weights
from engine.steps.dynamic_sparse_training.evidence import SparseExploration
from engine.steps.dynamic_sparse_training.exchange_schedule import ExchangeSchedule
from engine.steps.dynamic_sparse_training.parameters import DynamicSparseTrainingParameters
from engine.steps.dynamic_sparse_training.step import DynamicSparseTraining
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.training.kernels import kernels
from engine.workbench.network import Network
from engine.workbench.step import StepPlace, Trait
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training, untrained
from tests.step_place import after

STEP = DynamicSparseTraining()
SHAPES = [(3, 3, 3, 16), (3, 3, 16, 64), (1, 1, 64, 64), (3, 3, 64, 256), (256, 10)]


def parameters(**given: object) -> DynamicSparseTrainingParameters:
    return DynamicSparseTrainingParameters.model_validate({"epochs": 2, "control": False} | given)


@pytest.fixture(scope="module")
def context(small_context: StepContext, tmp_path_factory: pytest.TempPathFactory) -> StepContext:
    """With a backbone that is compiled in a moment, and checkpoints of its own."""
    recipe = small_context.recipe.model_copy(update={"backbone": BackboneSettings(kind="resnet8", width=0.5)})
    checkpoint = tmp_path_factory.mktemp("sparse") / "training.checkpoint"
    return replace(small_context, recipe=recipe, trainer=replace(small_context.trainer, checkpoint=checkpoint))


@pytest.fixture(scope="module")
def found() -> list[Evidence]:
    return []


@pytest.fixture(scope="module")
def sparse(context: StepContext, found: list[Evidence]) -> Network:
    forget_training(context)
    return STEP.apply(parameters(), untrained(context), replace(context, found=found.append))


@pytest.mark.parametrize("sparsity", [0.1, 0.5, 0.8, 0.9, 0.99])
def test_the_distribution_is_that_of_erdos_and_renyi(sparsity: float) -> None:
    """ε by bisection, with densities cut at 1, against the rule of the authors' program."""
    sizes = np.array([math.prod(shape) for shape in SHAPES])
    sums = np.array([sum(shape) for shape in SHAPES])
    budget = sizes.sum() - round(sparsity * sizes.sum())
    low, high = 0.0, float(sizes.max())
    for _ in range(200):
        scale = (low + high) / 2
        low, high = (scale, high) if np.minimum(scale * sums, sizes).sum() < budget else (low, scale)
    active = active_weights(SHAPES, sparsity, "erk")
    assert sum(active) == budget
    np.testing.assert_allclose(active, np.minimum(low * sums, sizes), atol=1)


def test_uniform_leaves_the_first_layer_dense() -> None:
    assert active_weights(SHAPES, 0.75, "uniform") == (432, 2304, 1024, 36864, 640)


def test_fewer_weights_than_layers_are_refused() -> None:
    assert min(active_weights(SHAPES, 0.9999, "erk")) >= 1
    with pytest.raises(NutshellError, match="fewer than the network has layers"):
        active_weights(SHAPES, 0.99999, "erk")


def test_exchanges_are_as_planned() -> None:
    schedule = ExchangeSchedule(update_every=100, drop_fraction=0.3, stop_fraction=0.75, epochs=4)
    fractions = {step: schedule.fraction_at(step, 4000) for step in range(4000)}
    due = [step for step, fraction in fractions.items() if fraction]
    assert due == list(range(100, 3000, 100))
    assert schedule.planned(4000) == len(due)
    assert fractions[1500] == pytest.approx(0.15)
    assert fractions[100] == pytest.approx(0.15 * (1 + math.cos(math.pi / 30)))
    # Of 20 batches per epoch each fifth; never in the last, whose grown weights would not learn.
    small = replace(schedule, stop_fraction=1.0)
    assert [step for step in range(80) if small.fraction_at(step, 80)] == list(range(5, 80, 5))
    assert small.planned(80) == 15
    assert small.fraction_at(1, 2) == 0
    assert replace(schedule, drop_fraction=0.0).planned(4000) == 0


def test_the_file_has_the_planned_zeros_layer_by_layer(
    context: StepContext, sparse: Network, found: list[Evidence]
) -> None:
    file = TfliteFile.parse(float32_tflite(sparse.model))
    STEP.check_promise(parameters(), sparse, file)
    convolutions = kernels(sparse.model, "conv")
    planned = active_weights([tuple(kernel.shape) for kernel in convolutions.values()], 0.8, "erk")
    assert [np.count_nonzero(kernel.numpy()) for kernel in convolutions.values()] == list(planned)
    assert np.count_nonzero(kernels(sparse.model)["classifier"].numpy() == 0) == 0
    dense = {
        name
        for (name, kernel), count in zip(convolutions.items(), planned, strict=True)
        if kernel.numpy().size == count
    }
    assert set(sparse.facts.pruned_layers) == set(convolutions) - dense
    evidence = found[-1]
    assert isinstance(evidence, SparseExploration)
    assert evidence.sparsity_fraction == pytest.approx(0.8, abs=1e-4)
    assert evidence.done == evidence.planned > 4
    assert 0.2 < evidence.explored_fraction < 0.6
    assert [row[0] for row in evidence.rows()] == list(convolutions)


def test_a_broken_promise_is_an_error(context: StepContext, sparse: Network) -> None:
    file = TfliteFile.parse(float32_tflite(sparse.model))
    with pytest.raises(PromiseBroken, match=r"RigL 90 % promised .* zeros"):
        STEP.check_promise(parameters(sparsity=0.9), sparse, file)


def test_quantisation_after_it_keeps_the_zeros(context: StepContext, sparse: Network) -> None:
    quantised = PostTrainingQuantizationParameters(scheme="int8", calibration_images=20)
    file = TfliteFile.parse(PostTrainingQuantization().apply(quantised, sparse, context))
    PostTrainingQuantization().check_promise(quantised, sparse, file)
    assert file.zero_kernel_values >= TfliteFile.parse(float32_tflite(sparse.model)).zero_kernel_values


def test_the_control_is_the_baseline_where_it_trains_alike(context: StepContext) -> None:
    epochs = context.recipe.training.trained_epochs
    control = parameters(control=True, method="set", sparsity=0.9, epochs=epochs).as_control()
    assert control is not None
    assert control.is_dense
    assert control.as_control() is None
    forget_training(context)
    dense = STEP.apply(control, untrained(context), context)
    assert dense.facts.pruned_layers == ()
    baseline = untrained(context)
    forget_training(context)
    context.trainer.train(baseline.model, context.baseline_plan)
    for one, other in zip(dense.model.get_weights(), baseline.model.get_weights(), strict=True):
        assert np.array_equal(one, other)


def test_all_sparse_trainings_of_the_same_epochs_share_one_control() -> None:
    controls = [
        parameters(control=True, **more).as_control()
        for more in ({}, {"method": "set", "sparsity": 0.9, "layers": "all"}, {"update_every": 7})
    ]
    assert controls[0] is not None
    assert len({str(control.stage_document()) for control in controls if control is not None}) == 1
    assert parameters(sparsity=0.0, method="set").stage_document() == controls[0].stage_document()
    assert parameters(control=True).stage_document() == parameters().stage_document()
    assert parameters(epochs=3, control=True).as_control() != controls[0]


def test_the_pre_flight_knows_order_and_cost() -> None:
    def said(place: StepPlace, **given: object) -> list[tuple[Severity, str]]:
        return [(one.severity, one.message) for one in STEP.findings(parameters(**given), place)]

    (cost,) = said(after(), epochs=12, control=True)
    assert cost[0] is Severity.NOTE
    assert cost[1].startswith("It trains the whole network from scratch: 12 epochs, and 12 more of its dense control; ")
    lost, _ = STEP.findings(parameters(), after(MagnitudePruningParameters()))
    assert lost.severity is Severity.WARNING
    assert "pruning 80 % made is lost" in lost.message
    assert lost.repair is not None
    assert lost.repair.sentence == "Put RigL 80 % first"

    def beside(**training: object) -> StepPlace:
        settings = TrainingSettings.model_validate({"epochs": 10} | training)
        return StepPlace(after().recipe.model_copy(update={"training": settings}), 0, 0)

    (short, _) = said(beside(), epochs=3)
    assert "fewer than the baseline's 10" in short[1]
    (alike,) = said(beside(), epochs=10, control=True)
    assert "ends in the same weights" in alike[1]
    (longer,) = said(beside(schedule="constant"), epochs=10, control=True)
    assert longer[1].endswith("and 10 more of its dense control.")
    (own,) = said(after(), epochs=10, sparsity=0.0, control=True)
    assert "own control" in own[1]
    starved, _ = said(after(), epochs=10, sparsity=0.9999)
    assert "most filters compute nothing; ask for at most 0.9" in starved[1]
    steps = (parameters(), MagnitudePruningParameters())
    assert StepPlace(Recipe(chains=(ChainSettings(name="one", steps=steps),)), 0, 1).made == {Trait.ZEROS: 0}
