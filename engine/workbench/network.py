"""A trainable network between two steps, with the facts that earlier steps established."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.contract.network_facts import NetworkFacts
from engine.graph.keras_objects import KerasModel


@dataclass(frozen=True)
class Network:
    """A Keras model and its facts. Steps never change the model they are given; they clone it first."""

    model: KerasModel = field(repr=False)
    """`tf_keras.Model`, input float32 (batch, height, width, channels), output probabilities."""
    facts: NetworkFacts
