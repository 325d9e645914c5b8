"""Puts TFLite metadata into a finished `.tflite`, whose weights stay where they are and as they are.

A flatbuffer refers forward only, so the file is kept whole and a new root is laid before it, which refers to all that
the old root did, and to the metadata as well. Associated files follow as a ZIP archive, as the format has it:
https://www.tensorflow.org/lite/models/convert/metadata
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping

import flatbuffers
from flatbuffers.number_types import UOffsetTFlags
from flatbuffers.table import Table

METADATA_NAME = "TFLITE_METADATA"
MODEL_IDENTIFIER = b"TFL3"
ALIGNMENT = 16
"""Bytes: kernels read weights in place, so each keeps its place relative to a multiple of this."""

VERSION, BUFFERS, METADATA = 0, 4, 6
"""Fields of the table Model in TensorFlow Lite's schema.fbs."""
BUFFER_DATA, BUFFER_OFFSET = 0, 1
ENTRY_NAME, ENTRY_BUFFER = 0, 1
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def with_metadata(content: bytes, metadata: bytes, files: Mapping[str, bytes]) -> bytes:
    """The `.tflite` with metadata inside and files appended; equal arguments give equal bytes.

    Args:
        content: of a `.tflite` without TFLite metadata.
        metadata: a flatbuffer of type ModelMetadata.
        files: name → content of what the metadata calls associated files.
    """
    return _with_files(_with_new_root(content, metadata), files)


def _with_new_root(content: bytes, metadata: bytes) -> bytes:
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
    output = bytearray(builder.Output())
    moved = len(output) - len(old)
    for table in buffers:
        # The quantizer lays weights behind the flatbuffer, and says how far from the file's beginning.
        if (behind := _number(table, BUFFER_OFFSET, 8)) > 1:
            place = moved + _place(table, BUFFER_OFFSET)
            output[place : place + 8] = (behind + moved).to_bytes(8, "little")
    return bytes(output)


def _with_files(content: bytes, files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, file in files.items():
            # With the time of now, no two runs would give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, EARLIEST_ZIP_TIME), file)
    return stream.getvalue()


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
