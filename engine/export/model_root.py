"""Lays a new root with metadata before a finished `.tflite`, whose weights stay where they are.

A flatbuffer refers forward only, so the file is kept whole and the new root refers to all that the old root did.
"""

from __future__ import annotations

from collections.abc import Iterator

import flatbuffers
from flatbuffers.number_types import UOffsetTFlags
from flatbuffers.table import Table

from engine.export.model_packing import ALIGNMENT, MODEL_IDENTIFIER

METADATA_NAME = "TFLITE_METADATA"
VERSION, BUFFERS, METADATA = 0, 4, 6
"""Fields of the table Model in TensorFlow Lite's schema.fbs."""
BUFFER_DATA = 0
ENTRY_NAME, ENTRY_BUFFER = 0, 1


def with_new_root(content: bytes, metadata: bytes) -> bytes:
    """The `.tflite` with TFLite metadata.

    Args:
        content: with all weights inside the flatbuffer (`with_weights_inline`), and without metadata.
        metadata: a flatbuffer of type ModelMetadata.
    """
    old = content + bytes(-len(content) % ALIGNMENT)
    model = Table(old, int.from_bytes(old[:4], "little"))
    buffers = list(_tables(model, BUFFERS))
    builder = flatbuffers.Builder(len(old) + len(metadata) + 4096)
    builder.Prep(ALIGNMENT, 0)
    builder.CreateByteVector(old)

    def kept(position: int) -> int:
        """A place in the old file as the builder counts: from the end."""
        return len(old) - position

    builder.Prep(ALIGNMENT, len(metadata))
    data = builder.CreateByteVector(metadata)
    builder.StartObject(BUFFER_DATA + 1)
    builder.PrependUOffsetTRelativeSlot(BUFFER_DATA, data, 0)
    buffer = builder.EndObject()
    name = builder.CreateString(METADATA_NAME)
    builder.StartObject(ENTRY_BUFFER + 1)
    builder.PrependUOffsetTRelativeSlot(ENTRY_NAME, name, 0)
    builder.PrependUint32Slot(ENTRY_BUFFER, len(buffers), 0)
    entry = builder.EndObject()
    replaced = {
        BUFFERS: _references(builder, [*(kept(table.Pos) for table in buffers), buffer]),
        METADATA: _references(builder, [*(kept(table.Pos) for table in _tables(model, METADATA)), entry]),
    }
    fields = max(_field_count(model), METADATA + 1)
    builder.StartObject(fields)
    builder.PrependUint32Slot(VERSION, _number(model, VERSION, 4), 0)
    for field in range(VERSION + 1, fields):
        place = _place(model, field)
        if field in replaced:
            builder.PrependUOffsetTRelativeSlot(field, replaced[field], 0)
        elif place:
            builder.PrependUOffsetTRelativeSlot(field, kept(model.Indirect(place)), 0)
    builder.Finish(builder.EndObject(), MODEL_IDENTIFIER)
    return bytes(builder.Output())


def _references(builder: flatbuffers.Builder, offsets: list[int]) -> int:
    """A vector of references to tables."""
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _tables(table: Table, field: int) -> Iterator[Table]:
    """The tables that a field holds a vector of."""
    place = table.Offset(_slot(field))
    if place:
        start = table.Vector(place)
        for number in range(table.VectorLen(place)):
            yield Table(table.Bytes, table.Indirect(start + number * UOffsetTFlags.bytewidth))


def _number(table: Table, field: int, width: int) -> int:
    place = _place(table, field)
    return int.from_bytes(table.Bytes[place : place + width], "little") if place else 0


def _place(table: Table, field: int) -> int:
    """Where a field's value lies in the file; 0 where it has the default."""
    offset = table.Offset(_slot(field))
    return int(table.Pos + offset) if offset else 0


def _slot(field: int) -> int:
    return 4 + 2 * field


def _field_count(table: Table) -> int:
    vtable = table.Pos - int.from_bytes(table.Bytes[table.Pos : table.Pos + 4], "little", signed=True)
    return (int.from_bytes(table.Bytes[vtable : vtable + 2], "little") - 4) // 2
