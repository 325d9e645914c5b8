"""The ranges that TFLiteConverter finds for the same images, so that both files predict the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from engine.steps.post_training_quantization.calibration import ActivationRange

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

COMPUTED_IN_PLACE = ("ADD", "SUB", "MUL")


def converter_ranges(float32: bytes, ranges: Mapping[str, ActivationRange]) -> Mapping[str, ActivationRange]:
    """Ranges as TFLiteConverter has them, where `ranges` are those of the values themselves.

    Its interpreter writes a sum over the first summand that nothing else reads, and its calibrator reads that
    summand again afterwards: the summand's range takes in the sum's, as that of the residual branch of a ResNet.
    """
    widened = dict(ranges)
    for summand, total in _overwritten(float32):
        if summand in ranges and total in ranges:
            one, other = ranges[summand], ranges[total]
            minimum, maximum = min(one.min, other.min), max(one.max, other.max)
            widened[summand] = ActivationRange(minimum, maximum, (one.min, one.max))
    return widened


def _overwritten(float32: bytes) -> Iterator[tuple[str, str]]:
    """Names of a tensor and of the result that is written over it."""
    from ai_edge_litert import schema_py_generated as schema

    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(float32, 0)
    graph = model.subgraphs[0]
    in_place = {getattr(schema.BuiltinOperator, name) for name in COMPUTED_IN_PLACE}
    readers = Counter(int(place) for operator in graph.operators for place in operator.inputs)
    for operator in graph.operators:
        if model.operatorCodes[operator.opcodeIndex].builtinCode not in in_place:
            continue
        result = graph.tensors[operator.outputs[0]]
        for place in operator.inputs:
            summand = graph.tensors[place]
            if readers[int(place)] == 1 and list(summand.shape) == list(result.shape):
                yield summand.name.decode(), result.name.decode()
                break
