"""The training step of a classifier as a compiled TensorFlow function, and its optimizers."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf
import tf_keras

from engine.graph.keras_objects import KerasLayer, KerasModel, NetworkPart, Optimizer, Variable
from engine.training.convolution_gradient import safe_convolution_gradients
from engine.training.fused_adam import FusedAdam, FusedAdamW
from engine.training.graph_building import StepFunction, compiled
from engine.training.mixed_labels import MixedLabels, dominant_labels
from engine.training.objective import Objective, correct_predictions
from engine.training.plan import TrainingPlan
from engine.training.precision import LossScale
from engine.training.projection import Projection


class Optimizers:
    """One optimizer for the base and one for the head where their rates differ, else one for all."""

    def __init__(self, model: KerasModel, plan: TrainingPlan, loss_scale: LossScale | None = None) -> None:
        """
        Args:
            loss_scale: where gradients are computed in 16 bits.
        """
        self._loss_scale = loss_scale
        head_ids = {id(variable) for variable in _head(model).trainable_variables}
        variables = list(model.trainable_variables)
        if plan.head_learning_rate == plan.learning_rate:
            groups = [(variables, plan.learning_rate)]
        else:
            groups = [
                ([v for v in variables if id(v) not in head_ids], plan.learning_rate),
                ([v for v in variables if id(v) in head_ids], plan.head_learning_rate),
            ]
        self._groups = [(_optimizer(plan, rate, group), group, rate) for group, rate in groups if group]
        for optimizer, group, _ in self._groups:
            optimizer.build(group)
        self._gradient_decay = 0.0 if plan.optimizer == "adamw" else plan.weight_decay

    def goal(self, loss: tf.Tensor) -> tf.Tensor:
        """What the gradients are to be taken of."""
        return self._loss_scale.scaled(loss) if self._loss_scale else loss

    def apply(self, gradients: Sequence[tf.Tensor], variables: Sequence[Variable]) -> None:
        """Change the variables by the gradients of the `goal`."""
        if self._loss_scale:
            self._loss_scale.apply(gradients, lambda unscaled: self._apply(unscaled, variables))
        else:
            self._apply(gradients, variables)

    def _apply(self, gradients: Sequence[tf.Tensor], variables: Sequence[Variable]) -> None:
        by_id = {
            id(variable): self._decayed(gradient, variable)
            for gradient, variable in zip(gradients, variables, strict=True)
        }
        for optimizer, group, _ in self._groups:
            optimizer.apply_gradients([(by_id[id(variable)], variable) for variable in group])

    def moments(self, variable: Variable) -> Sequence[Variable]:
        """What is remembered of each value of a trained variable, such as Adam's two means; of the variable's shape."""
        # Keras names each of them after its variable: "m/conv1/kernel:0".
        return [own for own in self.variables if own.name.partition("/")[2] == variable.name]

    def set_rate_factor(self, factor: float) -> float:
        """Multiply every group's rate by the schedule's factor; returns the first group's rate."""
        for optimizer, _, rate in self._groups:
            optimizer.learning_rate.assign(rate * factor)
        return self._groups[0][2] * factor

    @property
    def variables(self) -> list[Variable]:
        scale = self._loss_scale.variables if self._loss_scale else []
        return [*(variable for optimizer, _, _ in self._groups for variable in optimizer.variables), *scale]

    def _decayed(self, gradient: tf.Tensor, variable: Variable) -> tf.Tensor:
        """The gradient of the loss with (decay / 2)·‖kernel‖² added to it."""
        if self._gradient_decay and _decays(variable):
            return gradient + self._gradient_decay * variable
        return gradient


def _head(model: KerasModel) -> KerasLayer:
    """The layer that `head_learning_rate` applies to: the last that has weights."""
    return next(layer for layer in reversed(model.layers) if layer.trainable_variables)


def _decays(variable: Variable) -> bool:
    """Kernels do; biases, scales and offsets have one axis."""
    return variable.shape.rank > 1


def _optimizer(plan: TrainingPlan, rate: float, variables: Sequence[Variable]) -> Optimizer:
    if plan.optimizer == "sgd":
        return tf_keras.optimizers.SGD(rate, momentum=plan.momentum, nesterov=plan.momentum > 0)
    if plan.optimizer == "rmsprop":
        return tf_keras.optimizers.RMSprop(rate)
    if plan.optimizer == "adamw" and plan.weight_decay:
        optimizer = FusedAdamW(rate, weight_decay=plan.weight_decay)
        optimizer.exclude_from_weight_decay(var_list=[variable for variable in variables if not _decays(variable)])
        return optimizer
    return FusedAdam(rate)


def training_step(
    model: NetworkPart,
    optimizers: Optimizers,
    projections: Sequence[Projection],
    objective: Objective,
    mixed_labels: bool = False,
) -> StepFunction:
    """One batch: forward, gradients of the objective's mean, update, projections.

    Args:
        mixed_labels: whether its labels are `MixedLabels`; a prediction counts as correct if it is the label with the
            larger share.
    """
    variables = list(model.trainable_variables)

    def step(images: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tuple[tf.Tensor, tf.Tensor]:
        with safe_convolution_gradients():
            outputs, losses = objective.training(images, labels)
            total = tf.reduce_mean(losses)
            if model.losses:
                total += tf.add_n(model.losses)
            goal = optimizers.goal(total)
        gradients: Sequence[tf.Tensor] = tf.gradients(goal, variables)
        for projection in projections:
            gradients = projection.steer(gradients, variables, optimizers.moments)
        optimizers.apply(gradients, variables)
        for projection in projections:
            projection.project()
        return tf.reduce_sum(losses), correct_predictions(outputs, dominant_labels(labels))

    return compiled(step, model, mixed_labels)
