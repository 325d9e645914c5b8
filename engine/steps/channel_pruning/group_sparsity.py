"""Training that makes whole groups small before they go (Fang et al. 2023, arXiv:2301.12900, section 3.3)."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from engine.graph.keras_objects import KerasModel, Variable
from engine.graph.layer_graph import Layer, LayerGraph
from engine.steps.channel_pruning.coupled_channels import CoupledChannels
from engine.training.mixed_labels import MixedLabels
from engine.training.objective import CrossEntropy, Objective

SPREAD = 4.0
"""α of the authors: the least important group is held 2⁴ times as strongly as the most important one."""


class GroupSparsity(Objective):
    """Cross-entropy + λ · Σ_k γ_k · I_k, where I_k is the sum of the squares of all weights of group k.

    γ_k = 2^(α · (I_max − I_k) / (I_max − I_min)) among the groups of the same layers (their equations 4 and 5); it is
    a factor, without a gradient of its own.
    """

    def __init__(
        self,
        model: KerasModel,
        graph: LayerGraph,
        coupled: CoupledChannels,
        labels: CrossEntropy,
        strength: float,
    ) -> None:
        """
        Args:
            model: the network that trains; `graph` and `coupled` are of it.
            strength: λ, above 0.
        """
        self._labels = labels
        self._strength = strength
        self._groups = coupled.group_count
        self._tied = np.zeros(self._groups, dtype=np.int32)
        for place, tied in enumerate(coupled.tied):
            self._tied[tied.groups] = place
        self._parts = [part for layer in graph.layers for part in _parts(layer, model, coupled)]

    def outputs(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        return self._labels.outputs(images, training)

    def training(self, images: tf.Tensor, labels: tf.Tensor | MixedLabels) -> tuple[tf.Tensor, tf.Tensor]:
        outputs, losses = self._labels.training(images, labels)
        return outputs, losses + tf.cast(self._strength * self.penalty(), losses.dtype)

    def penalty(self) -> tf.Tensor:
        """Σ γ_k · I_k over all groups, a float32 scalar."""
        sizes = self.sizes()
        fixed = tf.stop_gradient(sizes)
        count = int(self._tied.max()) + 1
        largest = tf.gather(tf.math.unsorted_segment_max(fixed, self._tied, count), self._tied)
        smallest = tf.gather(tf.math.unsorted_segment_min(fixed, self._tied, count), self._tied)
        factors = tf.pow(2.0, SPREAD * tf.math.divide_no_nan(largest - fixed, largest - smallest))
        return tf.reduce_sum(factors * sizes)

    def sizes(self) -> tf.Tensor:
        """I_k of each group, float32 (groups,)."""
        # Of one variable along two axes, each counts: a group owns its outputs of one layer and inputs of the next.
        sizes = [
            tf.math.unsorted_segment_sum(
                tf.reduce_sum(tf.square(tf.cast(variable, tf.float32)), axis=others), groups, self._groups
            )
            for variable, others, groups in self._parts
        ]
        return tf.add_n(sizes)


def _parts(layer: Layer, model: KerasModel, coupled: CoupledChannels) -> list[tuple[Variable, list[int], np.ndarray]]:
    """The layer's trained variables, the axes to sum over, and the group of each place of the axis that is left."""
    found = []
    for variable in model.get_layer(layer.name).trainable_variables:
        rank = len(variable.shape)
        if layer.kind in ("Conv2D", "Dense") and rank > 1:
            found.append((variable, [axis for axis in range(rank) if axis != rank - 2], coupled.inputs(layer)))
            axis = rank - 1
        else:
            axis = 2 if layer.kind == "DepthwiseConv2D" and rank == 4 else rank - 1
        groups = coupled.outputs[layer.name].groups
        if int(variable.shape[axis]) == groups.size:
            found.append((variable, [one for one in range(rank) if one != axis], groups))
    return [(variable, axes, groups.astype(np.int32)) for variable, axes, groups in found]
