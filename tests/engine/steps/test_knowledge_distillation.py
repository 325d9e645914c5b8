"""Distillation trains a student of its own architecture, by its teacher's decisions, with a control beside it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.findings import Severity
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.steps.knowledge_distillation.parameters import KnowledgeDistillationParameters
from engine.steps.knowledge_distillation.step import KnowledgeDistillation
from engine.steps.magnitude_pruning.step import MagnitudePruningParameters
from engine.workbench.network import Network
from engine.workbench.step import StepPlace, graph_after
from engine.workbench.step_context import StepContext
from tests.step_place import after

STEP = KnowledgeDistillation()


def parameters(**given: object) -> KnowledgeDistillationParameters:
    return KnowledgeDistillationParameters.model_validate(
        {"student": "resnet18", "student_width": 0.0625, "epochs": 2, "control": False} | given
    )


def distilled(context: StepContext, teacher: Network, **given: object) -> Network:
    context.trainer.checkpoint.unlink(missing_ok=True)
    return STEP.apply(parameters(**given), teacher, context)


def always_sick(network: Network) -> Network:
    """A teacher that holds every image for sick with a probability of 0.9, whatever its label."""
    from engine.training.kernels import clone

    model = clone(network.model)
    classifier = model.layers[-1]
    classifier.set_weights([np.zeros_like(classifier.get_weights()[0]), np.log([9.0])])
    return Network(model, network.facts)


def test_the_student_learns_from_its_teacher_and_its_control_from_the_labels(
    small_context: StepContext, trained_network: Network
) -> None:
    teacher = always_sick(trained_network)
    student = distilled(small_context, teacher, alpha=0.0, temperature=2, epochs=6, learning_rate=1e-2)
    control = distilled(small_context, teacher, alpha=1.0, epochs=6, learning_rate=1e-2)
    assert student.facts.parameters < trained_network.facts.parameters / 2
    images = np.stack(small_context.calibration_images(40))
    taught, untaught = (float(np.mean(network.model(images))) for network in (student, control))
    assert taught > untaught + 0.1


@pytest.mark.parametrize("kind", ["online", "self"])
def test_an_online_teacher_learns_beside_and_the_given_one_stays(
    kind: str, small_context: StepContext, trained_network: Network
) -> None:
    before = [weights.copy() for weights in trained_network.model.get_weights()]
    student = distilled(small_context, trained_network, kind=kind, epochs=1, hint_weight=1.0, relation_weight=1.0)
    assert all(np.array_equal(a, b) for a, b in zip(before, trained_network.model.get_weights(), strict=True))
    same = student.facts.parameters == trained_network.facts.parameters
    assert same == (kind == "self")


def test_divergence_and_attention_are_as_published() -> None:
    import tensorflow as tf

    from engine.steps.knowledge_distillation.distillation import attention_distance, softened_divergence

    logits = np.array([[2.0, -1.0, 0.5]]), np.array([[0.1, 0.3, -2.0]])
    taught, student = (np.exp(z / 4) / np.exp(z / 4).sum() for z in logits)
    expected = 16 * float(np.sum(taught * np.log(taught / student)))
    outputs = [tf.nn.softmax(tf.constant(z, tf.float32)) for z in logits]
    assert float(softened_divergence(*outputs, 4.0)[0]) == pytest.approx(expected, rel=1e-4)
    two = [tf.constant([[0.8]]), tf.constant([[0.3]])]
    expected = 0.8 * np.log(0.8 / 0.3) + 0.2 * np.log(0.2 / 0.7)
    assert float(softened_divergence(*two, 1.0)[0]) == pytest.approx(expected, rel=1e-4)
    left, right = np.zeros((2, 1, 4, 4, 3), np.float32)
    left[0, :, :2], right[0, :, 2:] = 1, 5
    assert float(attention_distance(tf.constant(left), tf.constant(left * 3))[0]) == pytest.approx(0, abs=1e-6)
    assert float(attention_distance(tf.constant(left), tf.constant(right))[0]) == pytest.approx(2, abs=1e-6)
    halved = right[:, ::2, ::2]
    assert float(attention_distance(tf.constant(right), tf.constant(halved))[0]) < 0.05


def test_the_control_is_the_same_student_without_a_teacher() -> None:
    given = parameters(control=True, alpha=0.3, hint_weight=2.0)
    control = given.as_control()
    assert control is not None
    assert control.without_teacher
    assert control.as_control() is None
    assert (control.student, control.student_width, control.epochs) == ("resnet18", 0.0625, 2)
    assert parameters(control=False).as_control() is None
    assert given.stage_document() == parameters(control=False, alpha=0.3, hint_weight=2.0).stage_document()


def test_the_pre_flight_knows_student_and_order() -> None:
    def found(place: StepPlace, **given: object) -> list[tuple[Severity, str]]:
        return [(finding.severity, finding.message) for finding in STEP.findings(parameters(**given), place)]

    first = after()
    small_images = StepPlace(first.recipe.model_copy(update={"images": ImageSettings(size=16)}), 0, 0)
    ((severity, message),) = found(small_images, student="vgg16")
    assert severity is Severity.ERROR
    assert "vgg16 has nothing left of a 16×16 image" in message
    ((severity, message),) = found(first, student="resnet81")
    assert severity is Severity.ERROR
    assert "resnet18" in message
    assert found(first) == []
    ((severity, message),) = found(after(MagnitudePruningParameters()))
    assert severity is Severity.WARNING
    assert "pruning 80 %" in message
    ((severity, message),) = found(first, student_width=1.0)
    assert severity is Severity.WARNING
    assert "does not become smaller" in message
    ((severity, _),) = found(first, alpha=1.0, control=True)
    assert severity is Severity.NOTE


def test_what_comes_after_it_is_planned_for_the_student() -> None:
    steps = (parameters(), MagnitudePruningParameters())
    recipe = Recipe(backbone=BackboneSettings(), chains=(ChainSettings(name="KD", steps=steps),))
    given, student = StepPlace(recipe, 0, 0).graph_before, StepPlace(recipe, 0, 1).graph_before
    assert given.parameters > 10 * student.parameters
    assert student == graph_after(recipe, steps, 2)
