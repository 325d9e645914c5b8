"""Nutshell's own layers, in addition to those of Keras."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import tf_keras

from engine.training.channel_scaling import ChannelScaling
from engine.training.hard_activations import HardSigmoid, HardSwish

OWN_LAYERS: Mapping[str, type[tf_keras.layers.Layer]] = MappingProxyType(
    {kind.__name__: kind for kind in (ChannelScaling, HardSigmoid, HardSwish)}
)
"""By the name that files have for them."""
