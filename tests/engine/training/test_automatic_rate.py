"""What a recipe leaves to the program."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.backbones.backbone import layer_graph
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.recipe_file import build_recipe, parse_recipe, recipe_text
from engine.contract.training_settings import TrainingSettings
from engine.training.automatic_rate import RATES
from engine.training.plan import TrainingPlan
from engine.workbench.step_context import StepContext


def plan_of(batch_normalised: bool = True, begins_with_weights: bool = False, **more: object) -> TrainingPlan:
    settings = TrainingSettings.model_validate({"epochs": 10} | more)
    return TrainingPlan.of_recipe(settings, batch_normalised, begins_with_weights)


@pytest.mark.parametrize("key", ["epochs", "batch_size", "learning_rate", "label_smoothing"])
def test_true_is_no_number(key: str) -> None:
    with pytest.raises(Exception, match="number"):
        build_recipe({"schema": 1, "training": {key: True}})


def test_a_batch_has_no_more_images_than_there_are() -> None:
    settings = TrainingSettings(optimizer="sgd", batch_size=4096)
    few, many = (TrainingPlan.of_recipe(settings, train_images=images) for images in (84, 1_000_000))
    assert few.learning_rate == pytest.approx(RATES["sgd"] * 84 / 32)
    assert many.learning_rate <= 16 * RATES["sgd"]


def test_the_rate_grows_with_the_batch() -> None:
    assert plan_of(batch_size=128).learning_rate == pytest.approx(2 * plan_of(batch_size=32).learning_rate)
    assert plan_of(optimizer="sgd", batch_size=128).learning_rate == pytest.approx(4 * RATES["sgd"])


def test_networks_that_diverge_sooner_or_know_something_get_a_lower_rate() -> None:
    usual = plan_of().learning_rate
    assert plan_of(batch_normalised=False).learning_rate < usual
    assert plan_of(begins_with_weights=True).learning_rate < usual


def test_what_the_user_gives_is_taken() -> None:
    plan = plan_of(learning_rate=0.25, weight_decay=0.0, warmup_epochs=0, batch_size=256, batch_normalised=False)
    assert (plan.learning_rate, plan.head_learning_rate, plan.weight_decay, plan.warmup_epochs) == (0.25, 0.25, 0, 0)


@pytest.mark.parametrize(("optimizer", "decay"), [("adamw", 0.05), ("sgd", 5e-4), ("adam", 0.0), ("rmsprop", 0.0)])
def test_the_decay_is_that_of_the_optimizer(optimizer: str, decay: float) -> None:
    """An L2 penalty of 0.05 would let a network learn nothing."""
    assert plan_of(optimizer=optimizer).weight_decay == decay


def test_the_warm_up_is_a_tenth_of_the_epochs() -> None:
    plan = plan_of(epochs=5)
    assert [plan.rate_factor(step, 20) for step in (0, 9, 10)] == pytest.approx([0.1, 1.0, 1.0])
    assert plan_of(epochs=1).rate_factor(0, 1) == 1.0


def test_a_context_knows_its_network(small_context: StepContext) -> None:
    assert small_context.baseline_plan.learning_rate == small_context.recipe.training.learning_rate


def test_another_network_of_random_weights_gets_the_rate_of_its_kind(small_context: StepContext) -> None:
    plain = BackboneSettings(kind="vgg16", width=0.125)
    recipe = small_context.recipe.model_copy(update={"backbone": plain, "training": TrainingSettings()})
    teacher = replace(small_context, recipe=recipe)
    student = layer_graph(BackboneSettings(kind="resnet8"), (32, 32, 1), 2)
    assert teacher.plan_from_random_weights(student).learning_rate > teacher.baseline_plan.learning_rate


def test_a_recipe_says_auto_and_is_read_again() -> None:
    recipe = parse_recipe('schema = 1\n[training]\nepochs = "auto"\nlearning_rate = "auto"\n')
    assert recipe.training.epochs is None
    text = recipe_text(recipe)
    assert 'epochs = "auto"' in text
    assert parse_recipe(text) == recipe


@pytest.mark.parametrize("value", ["many", 0, 2.5, [3]])
def test_what_is_neither_is_refused_in_a_sentence(value: object) -> None:
    with pytest.raises(Exception, match=r"training\.epochs") as refused:
        build_recipe({"schema": 1, "training": {"epochs": value}})
    assert 'a whole number or "auto" is needed' in str(refused.value) or "at least 1" in str(refused.value)
