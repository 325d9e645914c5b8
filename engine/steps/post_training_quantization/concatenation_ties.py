"""One range for all that concatenations pass on, so that values are rounded once on their way through them.

An integer concatenation has one scale for its inputs and its output. Where it feeds another, as in a dense block of
DenseNet (Huang et al. 2017), a range of its own would round every earlier feature map again at each layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.steps.post_training_quantization.calibration import ActivationRange

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

CONCATENATION = "CONCATENATION"
OF_ONE_SCALE = (CONCATENATION, "AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE")
"""Operators whose output has its input's scale."""


def with_shared_ranges(float32: bytes, ranges: Mapping[str, ActivationRange]) -> Mapping[str, ActivationRange]:
    """The ranges, in which all tensors that concatenations tie have the one that holds them all."""
    shared = dict(ranges)
    for names in _tied(float32):
        tied = [ranges[name] for name in names if name in ranges]
        if len(tied) < 2:
            continue
        minimum, maximum = min(one.min for one in tied), max(one.max for one in tied)
        for name in names & ranges.keys():
            own = ranges[name]
            shared[name] = ActivationRange(minimum, maximum, own.seen or (own.min, own.max))
    return shared


def _tied(float32: bytes) -> list[set[str]]:
    """Names of the tensors that share a scale, for each group with a concatenation."""
    from ai_edge_litert import schema_py_generated as schema

    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(float32, 0)
    tensors = model.subgraphs[0].tensors
    codes = {getattr(schema.BuiltinOperator, name): name for name in OF_ONE_SCALE}
    groups: dict[str, set[str]] = {}
    concatenated: set[str] = set()
    for operator in model.subgraphs[0].operators:
        name = codes.get(model.operatorCodes[operator.opcodeIndex].builtinCode)
        if name is None:
            continue
        output = tensors[operator.outputs[0]].name.decode()
        inputs = operator.inputs if name == CONCATENATION else operator.inputs[:1]
        group = {output}.union(*(groups.get(one, {one}) for one in (tensors[place].name.decode() for place in inputs)))
        groups |= dict.fromkeys(group, group)
        concatenated |= {output} if name == CONCATENATION else set()
    return [group for group in {id(one): one for one in groups.values()}.values() if group & concatenated]
