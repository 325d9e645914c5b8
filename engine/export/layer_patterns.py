"""Which layer gets which scheme, by patterns of layer names, and how a `.tflite` names the operators of a layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from engine.contract.errors import PromiseBroken

if TYPE_CHECKING:
    from engine.measurement.tflite_file import TfliteFile
    from engine.measurement.tflite_graph import Kernel

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


def kernel_of_layer(file: TfliteFile, layer: str) -> Kernel:
    """The kernel of a layer as a converted file stores it.

    Raises:
        PromiseBroken: the file has no such kernel.
    """
    for kernel in file.kernels:
        if re.search(operators_of(layer), kernel.name):
            return kernel
    raise PromiseBroken(f"The .tflite file has no kernel of the layer {layer}; please report this with the run's log.")


OUTPUT_OPERATOR = r"(?:^|;)(?:(?:Stateful)?PartitionedCall(?::\d+)?|Identity(?:_\d+)?)(?:;|$)"
"""Is found in the name of the network's last operator, which has the output's name instead of its layer's; and not in
those of layers that the converter found in a function, as a swish is: "network/x/Conv2D;PartitionedCall/network/x"."""
