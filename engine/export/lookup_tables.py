"""Stores a `.tflite`'s kernels of few values as indices into look-up tables, for TensorFlow Lite Micro.

Its operator DECODE makes the kernel again right before the layer that reads it. Only that runtime knows the operator.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from engine.contract.errors import NutshellError, PromiseBroken
from engine.export.kernel_table import KernelTable
from engine.export.model_packing import packed, with_weights_inline
from engine.measurement.lookup_table_form import DECODE_OPERATOR, HEADER_BYTES, MAX_INDEX_BITS
from engine.measurement.micro_runtime import require_micro
from engine.measurement.tflite_graph import Kernel, TfliteGraph, tensor_name

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

STRUCTURE_BYTES = 192
"""What the operator, its two more tensors and their alignment take in the file, about."""
MAX_KERNEL_VALUES = 2**24
"""Larger kernels stay as they are: tflite_micro takes some 60 bytes of memory per value to pack the indices."""
DECODED_NAME_END = b"_decoded"
"""What tflite_micro adds to a kernel's name."""


@dataclass(frozen=True)
class LookUpTableFile:
    """A `.tflite` for TensorFlow Lite Micro, and how its kernels are stored."""

    content: bytes | None
    """None: it would be no smaller."""
    kernels: tuple[KernelTable, ...]


def with_lookup_tables(content: bytes) -> LookUpTableFile:
    """The `.tflite` with each int8 kernel as a look-up table where that makes the file smaller.

    The kernels are read back from the new file and compared. Equal arguments give equal bytes.

    Args:
        content: without TFLite metadata.

    Raises:
        NutshellError: tflite_micro is not installed, or cannot rewrite this file.
        PromiseBroken: a kernel is not what it was.
    """
    require_micro()
    plain = with_weights_inline(content)
    placed = TfliteGraph(plain).placed_kernels()
    chosen = {place: form for place, kernel in placed if (form := _as_table(kernel)) is not None}
    compact = _tidied(_rewritten(plain, chosen)) if chosen else plain
    kernels = [kernel for _, kernel in placed]
    graph = TfliteGraph(compact)
    found = graph.placed_kernels()
    _check_same(kernels, [kernel for _, kernel in found])
    forms = tuple(
        _stored_form(graph, place, chosen[before]) if place in graph.decoded_places else _plain(kernel)
        for (before, kernel), (place, _) in zip(placed, found, strict=True)
    )
    return LookUpTableFile(compact if len(compact) < len(plain) else None, forms)


def _as_table(kernel: Kernel) -> KernelTable | None:
    """One table per scale: the runtime counts a kernel's tables by its scales. None where this does not pay."""
    axis, values = kernel.channel_axis, kernel.unique_values
    if kernel.dtype != "int8" or kernel.size > MAX_KERNEL_VALUES or values > 2**MAX_INDEX_BITS:
        return None
    if axis not in (None, 0, kernel.values.ndim - 1):
        return None
    tables = 1 if axis is None else kernel.values.shape[axis]
    bits = max(1, (values - 1).bit_length())
    stored = ceil(kernel.size * bits / 8) + HEADER_BYTES + tables * values
    form = KernelTable(
        kernel=kernel.name,
        values=values,
        index_bits=bits,
        tables=tables,
        plain_bytes=kernel.size,
        stored_bytes=stored,
    )
    return form if stored + STRUCTURE_BYTES < kernel.size else None


def _plain(kernel: Kernel) -> KernelTable:
    stored = kernel.values.nbytes
    return KernelTable(
        kernel=kernel.name,
        values=kernel.unique_values,
        index_bits=0,
        tables=0,
        plain_bytes=stored,
        stored_bytes=stored,
    )


def _stored_form(graph: TfliteGraph, place: int, chosen: KernelTable) -> KernelTable:
    stored = sum(graph.stored_bytes(one) for one in graph.decoded_places[place])
    if stored != chosen.stored_bytes:
        raise PromiseBroken(
            f"{chosen.kernel} was to take {chosen.stored_bytes:,} bytes as a look-up table and takes {stored:,}; "
            "please report this with the run's log."
        )
    return chosen


def _rewritten(content: bytes, forms: dict[int, KernelTable]) -> bytes:
    from tflite_micro.tensorflow.lite.micro.compression import compress, spec
    from tflite_micro.tensorflow.lite.micro.compression.compressor import CompressionError

    wanted = []
    for place, kernel in TfliteGraph(content).placed_kernels():
        if place in forms:
            mode = spec.PerTensor() if kernel.channel_axis is None else spec.PerChannel(kernel.channel_axis)
            wanted.append(spec.Tensor(0, place, [spec.LookUpTableCompression(forms[place].index_bits, mode)]))
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            return bytes(compress(content, wanted))
    except CompressionError as error:
        raise NutshellError(
            f"tflite_micro cannot store this network as look-up tables ({error}); set lookup_tables = false."
        ) from None


def _tidied(content: bytes) -> bytes:
    """Without scales of indices, which tflite_micro leaves, and names of what has no reader; equal vectors once."""
    from ai_edge_litert import schema_py_generated as schema

    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(content, 0)
    graph = model.subgraphs[0]
    for operator in graph.operators:
        if model.operatorCodes[operator.opcodeIndex].customCode != DECODE_OPERATOR:
            continue
        for place in operator.inputs:
            graph.tensors[place].quantization = None
            graph.tensors[place].name = b""
        for place in operator.outputs:
            decoded = graph.tensors[place]
            decoded.name = tensor_name(decoded).encode().removesuffix(DECODED_NAME_END)
    return packed(model, vectors_once=True)


def _check_same(before: Sequence[Kernel], after: Sequence[Kernel]) -> None:
    for one, other in zip(before, after, strict=True):
        same = np.array_equal(one.values, other.values) and np.array_equal(one.scales, other.scales)
        if not same or (one.dtype, one.zero_point, one.channel_axis) != (
            other.dtype,
            other.zero_point,
            other.channel_axis,
        ):
            raise PromiseBroken(
                f"A look-up table must give the same kernel, and {one.name} differs; please report this with the "
                "run's log."
            )
