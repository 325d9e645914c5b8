"""Which layers TensorFlow Lite cannot compute in integers. No TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from engine.graph.layer_graph import Layer

Use = Literal["int8", "int16x8", "trained"]
"""A post-training scheme, or int8 by quantisation-aware training."""

WITHOUT: Mapping[Use, frozenset[str]] = MappingProxyType(
    {
        "int8": frozenset({"ELU", "elu"}),
        "int16x8": frozenset({"ELU", "elu", "selu", "PReLU", "HardSwish"}),
        "trained": frozenset({"ELU", "elu", "selu", "softplus"}),
    }
)
"""Layers, and activations by name, for which the converter has no integer operator (TensorFlow 2.21)."""


TITLES: Mapping[str, str] = MappingProxyType({"HardSwish": "hard swish", "elu": "ELU", "selu": "SELU"})


def without_integer_operator(layers: Iterable[Layer], use: Use) -> str:
    """What of a network stays in floats, such as "ELU and PReLU"; empty where nothing does."""
    names = (str(layer.settings.get("activation", layer.kind)) for layer in layers)
    return " and ".join(dict.fromkeys(TITLES.get(name, name) for name in names if name in WITHOUT[use]))
