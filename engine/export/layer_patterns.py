"""Which layer gets which scheme, by patterns of layer names, and how a `.tflite` names the operators of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

LayerScheme = Literal["float32", "float16", "dynamic_range", "int8", "int4"]


def schemes_by_layer(names: Iterable[str], patterns: Mapping[str, LayerScheme]) -> dict[str, LayerScheme]:
    """The scheme of each layer: that of the first shell-style pattern that matches its name, else float32."""
    return {
        name: next((scheme for pattern, scheme in patterns.items() if fnmatchcase(name, pattern)), "float32")
        for name in names
    }


def patterns_without_layer(names: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Those patterns that match no layer at all, most likely misspelt."""
    known = tuple(names)
    return [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in known)]


def operators_of(layer: str) -> str:
    """A regular expression that is found in the names of the layer's operators and kernel in a converted file.

    The converter names a tensor "network/layer/Operation", and where it fused several, all of them with ";" between.
    """
    return rf"(?:^|;)[^/;]*/{re.escape(layer)}(?:/|;|$)"


OUTPUT_OPERATOR = r"PartitionedCall"
"""Is found in the name of the network's last operator, which carries the output's name in place of its layer's."""
