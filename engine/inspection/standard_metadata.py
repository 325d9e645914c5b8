"""What TFLite's standard metadata say of a classifier that was made elsewhere: its labels, and how pixels are scaled.

https://github.com/tensorflow/tflite-support/blob/master/tensorflow_lite_support/metadata/metadata_schema.fbs
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flatbuffers.encode import Get
from flatbuffers.packer import uoffset
from flatbuffers.table import Table

from engine.contract.image_settings import ImageSettings
from engine.export.feeding_description import PIXEL_OF_METADATA, Feeding
from engine.export.metadata_tables import (
    FILE_NAME,
    GRAPH_INPUTS,
    GRAPH_OUTPUTS,
    MEAN,
    METADATA_IDENTIFIER,
    MODEL_SUBGRAPHS,
    NORMALIZATION_OPTIONS,
    STD,
    TENSOR_FILES,
    TENSOR_PROCESS_UNITS,
    UNIT_OPTIONS,
    UNIT_TYPE,
)
from engine.export.model_root import METADATA_NAME
from engine.inspection.said_feeding import SaidFeeding
from engine.measurement.tflite_file import TfliteFile

CHANNELS = {1: "grayscale", 3: "rgb"}


@dataclass(frozen=True)
class StandardMetadata:
    """What is said; each is empty where it is not."""

    labels: tuple[str, ...] = ()
    """In the order of the output's values."""
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    """(pixel of 0 to 255 - mean) / deviation, one of each or one per channel."""

    def feeding(self, file: TfliteFile) -> Feeding | None:
        """How an image is fed; None where not enough is said for that, or the network takes no plain image."""
        shape = file.input.shape
        fits = len(shape) == 4 and shape[3] in CHANNELS and len(self.labels) == file.output.shape[-1] >= 2
        if not fits or not self.mean or len(self.mean) != len(self.deviation) or 0.0 in self.deviation:
            return None
        images = ImageSettings.model_validate(
            # The readers of such metadata resize so.
            {"size": shape[1:3], "color": CHANNELS[shape[3]], "scale": "standardize", "resample": "bilinear"}
        )
        mean, deviation = (
            tuple(value / PIXEL_OF_METADATA for value in values) for values in (self.mean, self.deviation)
        )
        return SaidFeeding(classes=self.labels, images=images, mean=mean, deviation=deviation).feeding(file)


def standard_metadata(content: bytes) -> StandardMetadata:
    """Read from the bytes of a `.tflite`; empty where it carries none, or they are damaged."""
    # The reader of flatbuffers trusts every offset; a wrong one leads to any of these.
    try:
        return _read(content)
    except (struct.error, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError):
        return StandardMetadata()


def _read(content: bytes) -> StandardMetadata:
    packed = _packed(content)
    if packed is None:
        return StandardMetadata()
    model = Table(bytearray(packed), Get(uoffset, packed, 0))
    graph = list(_tables(model, MODEL_SUBGRAPHS))[0]  # noqa: RUF015 - where there is none, an IndexError is caught
    image, output = list(_tables(graph, GRAPH_INPUTS))[0], list(_tables(graph, GRAPH_OUTPUTS))[0]  # noqa: RUF015
    scaling = next(
        (unit for unit in _tables(image, TENSOR_PROCESS_UNITS) if _kind(unit) == NORMALIZATION_OPTIONS), None
    )
    options = _inner(scaling, UNIT_OPTIONS) if scaling is not None else None
    files = [_text(file, FILE_NAME) for file in _tables(output, TENSOR_FILES)]
    return StandardMetadata(
        _labels(content, files[0]) if files else (),
        _floats(options, MEAN) if options is not None else (),
        _floats(options, STD) if options is not None else (),
    )


def _packed(content: bytes) -> bytes | None:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(content, 0)
    for place in range(model.MetadataLength()):
        entry = model.Metadata(place)
        if entry.Name() == METADATA_NAME.encode():
            found = bytes(model.Buffers(entry.Buffer()).DataAsNumpy())
            return found if found[4:8] == METADATA_IDENTIFIER else None
    return None


def _labels(content: bytes, name: str) -> tuple[str, ...]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        lines = archive.read(name).decode().splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _at(table: Table, field: int) -> int:
    """Where a field lies; 0: it is not there."""
    return int(table.Offset(4 + 2 * field))


def _inner(table: Table, field: int) -> Table | None:
    at = _at(table, field)
    return Table(table.Bytes, table.Indirect(table.Pos + at)) if at else None


def _tables(table: Table, field: int) -> Iterator[Table]:
    at = _at(table, field)
    if at:
        begin = table.Vector(at)
        for place in range(table.VectorLen(at)):
            yield Table(table.Bytes, table.Indirect(begin + 4 * place))


def _text(table: Table, field: int) -> str:
    at = _at(table, field)
    text: Any = table.String(table.Pos + at) if at else b""
    return str(text.decode())


def _kind(unit: Table) -> int:
    at = _at(unit, UNIT_TYPE)
    return int(unit.Bytes[unit.Pos + at]) if at else 0


def _floats(table: Table, field: int) -> tuple[float, ...]:
    at = _at(table, field)
    if not at:
        return ()
    return struct.unpack_from(f"<{table.VectorLen(at)}f", table.Bytes, table.Vector(at))
