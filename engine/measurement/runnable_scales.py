"""Finds scales in a quantised `.tflite` on which LiteRT would end the whole process, before it is loaded."""

from __future__ import annotations

import math
import re
import struct
from mmap import mmap
from typing import Any

from engine.contract.errors import NutshellError

ADDING = ("ADD", "SUB")


class UnrunnableScale(NutshellError):
    """A sum of a quantised network has a scale that its kernel cannot compute with."""


def refuse_unrunnable_scales(content: bytes | mmap, name: str = "The file") -> None:
    """Check what LiteRT's kernels check with `abort()`, which no `except` can catch.

    The result of an integer ADD or SUB must not be finer than the kernel's shifted sum:
    0 < 2 max(input scales) / (2^shift × output scale) < 1, with 20 bits of shift for int8 and 15 for int16
    (`QuantizeMultiplierSmallerThanOneExp`). It is where the sum is always zero, in a network that diverged.

    Args:
        content: a `.tflite`; one that cannot be read as such passes, as LiteRT itself says what is wrong with it.
        name: what the error calls it.

    Raises:
        UnrunnableScale: with the layer, and what to do.
    """
    from ai_edge_litert import schema_py_generated as schema

    try:
        layer = _unrunnable_layer(schema, schema.Model.GetRootAs(content, 0))
    except (struct.error, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError):
        # The reader of flatbuffers trusts every offset of a damaged file.
        return
    if layer is not None:
        raise UnrunnableScale(
            f'{name} cannot be run: the layer "{layer}" gives zero for every image, so its integers have no usable '
            "scale. The network has most likely diverged in training; train again with a lower learning rate."
        )


def _unrunnable_layer(schema: Any, model: Any) -> str | None:
    adding = {getattr(schema.BuiltinOperator, operator) for operator in ADDING}
    shift = {schema.TensorType.INT8: 20, schema.TensorType.UINT8: 20, schema.TensorType.INT16: 15}
    for number in range(model.SubgraphsLength()):
        graph = model.Subgraphs(number)
        for place in range(graph.OperatorsLength()):
            operator = graph.Operators(place)
            stored = model.OperatorCodes(operator.OpcodeIndex())
            kind = max(stored.BuiltinCode(), stored.DeprecatedBuiltinCode())
            if kind not in adding or (output := graph.Tensors(operator.Outputs(0))).Type() not in shift:
                continue
            inputs = [graph.Tensors(operator.Inputs(one)) for one in range(operator.InputsLength())]
            summands, result = [_scale(one) for one in inputs], _scale(output)
            if not (
                min(summands) > 0 and result > 0 and 0 < 2 * max(summands) / 2.0 ** shift[output.Type()] / result < 1
            ):
                return _layer_of(output)
    return None


def _scale(tensor: Any) -> float:
    quantization = tensor.Quantization()
    return float(quantization.Scale(0)) if quantization is not None and quantization.ScaleLength() else math.nan


def _layer_of(tensor: Any) -> str:
    """A converted network names a tensor "network/layer/Operation", of fused layers with ";" between; the last counts,
    as the file's own name where there is none."""
    name = tensor.Name().decode(errors="replace")
    layers = re.findall(r"(?:^|;)[^/;]+/([^/;]+)", name)
    return str(layers[-1]) if layers else name
