"""Relation-based knowledge is as published, for students of other shapes, and safe where there is no relation."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.findings import Severity
from engine.contract.training_settings import TrainingSettings
from engine.steps.knowledge_distillation.parameters import KnowledgeDistillationParameters
from engine.steps.knowledge_distillation.step import KnowledgeDistillation
from engine.workbench.network import Network
from engine.workbench.step import StepPlace
from engine.workbench.step_context import StepContext
from tests.small_study import forget_training
from tests.step_place import after

RELATIONS = pytest.mark.parametrize("relation", ["gram", "rkd"])


def maps(images: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Of a teacher and of a student with other channels and another size."""
    generator = np.random.default_rng(seed)
    taught = generator.gamma(1.0, 3.0, (images, 4, 4, 12)).astype(np.float32)
    return taught, generator.gamma(1.0, 0.1, (images, 2, 2, 5)).astype(np.float32)


def shares(relation: str, taught: np.ndarray, features: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    from engine.steps.knowledge_distillation.relations import relation_distance

    return relation_distance(relation, tf.constant(taught), tf.constant(features)).numpy()


def similarity_preserving(taught: np.ndarray, features: np.ndarray) -> float:
    """Tung and Mori 2019, equations 1 to 4, in double precision."""

    def similarities(one: np.ndarray) -> np.ndarray:
        q = one.astype(np.float64).reshape(len(one), -1)
        g = q @ q.T
        return g / np.linalg.norm(g, axis=1, keepdims=True)

    difference = similarities(taught) - similarities(features)
    return float(np.linalg.norm(difference, "fro") ** 2 / len(taught) ** 2)


def huber(x: float, y: float) -> float:
    return 0.5 * (x - y) ** 2 if abs(x - y) <= 1 else abs(x - y) - 0.5


def relational(taught: np.ndarray, features: np.ndarray) -> float:
    """Park et al. 2019, section 3.2, one pair and one triple after the other, in double precision."""
    t, s = (one.astype(np.float64).mean(axis=(1, 2)) for one in (taught, features))
    n = len(t)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    means = [np.mean([np.linalg.norm(p[i] - p[j]) for i, j in pairs]) for p in (t, s)]
    distance = np.mean(
        [huber(*(np.linalg.norm(p[i] - p[j]) / mean for p, mean in zip((t, s), means, strict=True))) for i, j in pairs]
    )

    def cosine(p: np.ndarray, i: int, j: int, k: int) -> float:
        a, b = p[i] - p[j], p[k] - p[j]
        return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))

    angle = np.mean(
        [huber(cosine(t, i, j, k), cosine(s, i, j, k)) for i, j in pairs for k in range(n) if k not in {i, j}]
    )
    return float(distance + 2 * angle)


@pytest.mark.parametrize("images", [3, 9])
def test_the_mean_of_the_shares_is_the_published_loss(images: int) -> None:
    taught, features = maps(images)
    assert shares("gram", taught, features).mean() == pytest.approx(similarity_preserving(taught, features), abs=1e-5)
    assert shares("rkd", taught, features).mean() == pytest.approx(relational(taught, features), abs=1e-5)
    assert similarity_preserving(taught, features) > 1e-3
    assert relational(taught, features) > 0.05


@RELATIONS
def test_a_share_goes_with_its_image(relation: str) -> None:
    taught, features = maps(6)
    order = [3, 0, 5, 1, 4, 2]
    found = shares(relation, taught, features)
    assert shares(relation, taught[order], features[order]) == pytest.approx(found[order], abs=1e-6)
    assert np.ptp(found) > 0.1 * found.mean()


@RELATIONS
def test_it_is_nothing_between_equal_relations(relation: str) -> None:
    taught, _ = maps(5)
    # A student whose maps are the teacher's at another scale, in another order of channels, relates images alike.
    assert shares(relation, taught, taught[..., ::-1] * 1e-3) == pytest.approx(np.zeros(5), abs=1e-6)


@RELATIONS
@pytest.mark.parametrize("case", ["one image", "two images", "equal images", "nothing", "large", "small"])
def test_losses_and_gradients_are_finite_without_relations(relation: str, case: str) -> None:
    import tensorflow as tf

    from engine.steps.knowledge_distillation.relations import relation_distance

    taught, features = maps({"one image": 1, "two images": 2}.get(case, 4))
    if case == "equal images":
        taught[1], features[:] = taught[0], features[0]
    elif case == "nothing":
        features[:] = 0
    features *= {"large": 1e20, "small": 1e-20}.get(case, 1)
    student = tf.Variable(features)
    with tf.GradientTape() as tape:
        losses = relation_distance(relation, tf.constant(taught), student)
    gradient = tape.gradient(losses, student)
    assert losses.shape == (len(taught),)
    assert np.isfinite(losses.numpy()).all()
    assert np.isfinite(gradient.numpy()).all()
    if case == "one image":
        assert losses.numpy().tolist() == [0.0]
    if case in {"two images", "large", "small"}:
        assert np.abs(gradient.numpy()).max() > 0 or relation == "rkd"


@RELATIONS
def test_following_the_gradient_takes_over_the_relations(relation: str) -> None:
    import tensorflow as tf

    from engine.steps.knowledge_distillation.relations import relation_distance

    taught, features = maps(6)
    student = tf.Variable(features * 10)
    optimizer = tf.keras.optimizers.Adam(0.05)
    first = shares(relation, taught, student.numpy()).mean()
    for _ in range(60):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(relation_distance(relation, tf.constant(taught), student))
        optimizer.apply_gradients([(tape.gradient(loss, student), student)])
    assert shares(relation, taught, student.numpy()).mean() < first / 5


def test_a_student_learns_by_relations_alone(small_context: StepContext, trained_network: Network) -> None:
    """With the labels' weight at 1 as well, so that only the relations tell it from its control."""
    given = {"student": "resnet8", "student_width": 0.25, "epochs": 1, "alpha": 1.0}
    outputs = []
    images = np.stack(small_context.calibration_images(16))
    for more in ({}, {"relation": "rkd", "relation_weight": 25.0}):
        parameters = KnowledgeDistillationParameters.model_validate(given | more)
        assert parameters.without_teacher == (not more)
        forget_training(small_context)
        made = KnowledgeDistillation().apply(parameters, trained_network, small_context)
        outputs.append(made.model(images).numpy())
    assert all(np.isfinite(one).all() for one in outputs)
    assert np.abs(outputs[1] - outputs[0]).max() > 1e-3


def test_control_and_key_know_of_relations() -> None:
    plain = KnowledgeDistillationParameters()
    taught = KnowledgeDistillationParameters(relation="rkd", relation_weight=25.0)
    assert taught.as_control() == plain.as_control()
    only = KnowledgeDistillationParameters(alpha=1.0, relation_weight=25.0)
    assert only.as_control() == plain.as_control()
    assert taught.stage_document() != plain.stage_document()


def test_one_image_per_batch_has_no_relations() -> None:
    place = after()
    lonely = place.recipe.model_copy(update={"training": TrainingSettings(batch_size=1)})
    parameters = KnowledgeDistillationParameters(student="resnet8", student_width=0.25, relation_weight=1.0)
    assert list(KnowledgeDistillation().findings(parameters, place)) == []
    (finding,) = KnowledgeDistillation().findings(parameters, StepPlace(lonely, 0, 0))
    assert finding.severity is Severity.WARNING
    assert "no relation to others" in finding.message
    assert finding.repair is not None


def test_a_relation_without_weight_is_told() -> None:
    (finding,) = KnowledgeDistillation().findings(
        KnowledgeDistillationParameters(student="resnet8", student_width=0.25, relation="rkd"), after()
    )
    assert finding.message == "relation has no effect without a relation_weight; its authors use 25."
    assert finding.repair is not None
