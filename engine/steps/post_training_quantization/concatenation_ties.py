"""One range for all that concatenations pass on, so that values are rounded once on their way through them.

An integer concatenation has one scale for its inputs and its output. Where it feeds another, as in a dense block of
DenseNet (Huang et al. 2017), a range of its own would round every earlier feature map again at each layer.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.steps.post_training_quantization.calibration import ActivationRange

CONCATENATION = "CONCATENATION"
PASSED_ON = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "RESHAPE")
"""Operators whose output has its input's scale too."""


def with_shared_ranges(float32: bytes, ranges: Mapping[str, ActivationRange]) -> Mapping[str, ActivationRange]:
    """The ranges, in which all that a concatenation takes has its range, the last one first, as in TFLiteConverter."""
    shared = dict(ranges)
    tied: set[str] = set()
    for kind, inputs, output in reversed(_operators_of_one_scale(float32)):
        if output not in shared or (kind != CONCATENATION and output not in tied):
            continue
        passed = shared[output]
        for one in inputs:
            if one not in ranges:
                continue
            own, earlier = ranges[one], shared[one] if one in tied else passed
            seen = own.seen or (own.min, own.max)
            shared[one] = ActivationRange(min(passed.min, earlier.min), max(passed.max, earlier.max), seen)
            tied.add(one)
    return shared


def _operators_of_one_scale(float32: bytes) -> list[tuple[str, list[str], str]]:
    """Each such operator's kind and the names of its inputs and its output, in order."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(float32, 0)
    tensors = model.subgraphs[0].tensors
    kinds = {getattr(schema.BuiltinOperator, kind): kind for kind in (CONCATENATION, *PASSED_ON)}
    found = []
    for operator in model.subgraphs[0].operators:
        kind = kinds.get(model.operatorCodes[operator.opcodeIndex].builtinCode)
        if kind is not None:
            places = operator.inputs if kind == CONCATENATION else operator.inputs[:1]
            names = [tensors[place].name.decode() for place in places]
            found.append((kind, names, tensors[operator.outputs[0]].name.decode()))
    return found
