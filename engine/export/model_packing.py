"""Packs a network into a `.tflite` whose weights lie inside the flatbuffer, each at its alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import flatbuffers
import numpy as np
from flatbuffers.builder import BuilderSizeError

from engine.contract.errors import NutshellError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema

MODEL_IDENTIFIER = b"TFL3"
ALIGNMENT = 16
"""Bytes, as the schema has it: kernels read weights in place, and some processors only from such an address."""
PLACEHOLDER_OFFSET = 1
"""Of a buffer that was meant to lie behind the flatbuffer, and does not."""


def with_weights_inline(content: bytes) -> bytes:
    """The `.tflite` with all weights inside the flatbuffer and aligned; the same bytes where they are so already.

    The quantizer lays weights of more than 256 KiB in all behind the flatbuffer, and only says where. TensorFlow Lite
    Micro and older runtimes do not look there: they answer by other weights, without an error.

    Raises:
        NutshellError: a flatbuffer, which ends at 2 GiB, cannot hold them.
    """
    from ai_edge_litert import schema_py_generated as schema

    if not has_weights_behind(content) and _is_aligned(content):
        return content
    model: schema.ModelT = schema.ModelT.InitFromPackedBuf(content, 0)
    for buffer in model.buffers:
        if buffer.offset > PLACEHOLDER_OFFSET and buffer.size:
            buffer.data = np.frombuffer(content, np.uint8, buffer.size, buffer.offset)
        buffer.offset = buffer.size = 0
    return packed(model)


def has_weights_behind(content: bytes) -> bool:
    """Whether a buffer of the `.tflite` lies outside of its flatbuffer."""
    return any(buffer.Offset() > PLACEHOLDER_OFFSET and buffer.Size() for buffer in _buffers(content))


def packed(model: schema.ModelT, vectors_once: bool = False) -> bytes:
    """The bytes of a `ModelT` of TensorFlow Lite's schema, its buffers aligned; the same model gives the same bytes.

    Args:
        vectors_once: store equal vectors once, such as the zero points of all channels: 8 bytes each, and all 0.

    Raises:
        NutshellError: it takes more than the 2 GiB that a flatbuffer can hold.
    """
    size = sum(len(buffer.data) for buffer in model.buffers if buffer.data is not None)
    builder = (_SharingBuilder if vectors_once else flatbuffers.Builder)(size + 4096)
    buffers = model.buffers
    model.buffers = [_AlignedBuffer(buffer.data) for buffer in buffers]
    try:
        builder.Finish(model.Pack(builder), MODEL_IDENTIFIER)
    except BuilderSizeError:
        raise NutshellError(
            f"The network takes {size / 2**30:.1f} GiB, and a .tflite file holds 2 GiB at most; use a smaller network, "
            "or a scheme of fewer bits."
        ) from None
    finally:
        model.buffers = buffers
    return bytes(builder.Output())


class _SharingBuilder(flatbuffers.Builder):
    """Lets tables refer to one vector where theirs are equal, as the format allows."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._places: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: np.ndarray) -> int:  # noqa: N802 - as the generated code calls it
        key = (x.dtype.str, x.tobytes())
        if key not in self._places:
            self._places[key] = int(super().CreateNumpyVector(x))
        return self._places[key]


class _AlignedBuffer:
    """A `BufferT` with the alignment that the schema asks for, and that the generated code leaves out."""

    def __init__(self, data: np.ndarray | None) -> None:
        self._data = None if data is None else np.asarray(data, np.uint8).tobytes()

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 - as the generated code calls it
        from ai_edge_litert import schema_py_generated as schema

        if self._data is not None:
            builder.Prep(ALIGNMENT, len(self._data))
            data = builder.CreateByteVector(self._data)
        schema.BufferStart(builder)
        if self._data is not None:
            schema.BufferAddData(builder, data)
        return int(schema.BufferEnd(builder))


def _is_aligned(content: bytes) -> bool:
    first = np.frombuffer(content, np.uint8).ctypes.data
    starts = (buffer.DataAsNumpy() for buffer in _buffers(content) if buffer.DataLength())
    return all((data.ctypes.data - first) % ALIGNMENT == 0 for data in starts)


def _buffers(content: bytes) -> list[schema.Buffer]:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    return [model.Buffers(number) for number in range(model.BuffersLength())]
