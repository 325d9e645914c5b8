"""Writes a classifier's TFLite metadata as a flatbuffer, by the published metadata_schema.fbs (version 1.1.0).

https://github.com/tensorflow/tflite-support/blob/master/tensorflow_lite_support/metadata/metadata_schema.fbs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import flatbuffers

METADATA_IDENTIFIER = b"M001"
MIN_PARSER_VERSION = "1.0.0"
"""Nothing is written that the first version does not have."""

# The fields of each table, by number.
FILE_NAME, FILE_DESCRIPTION, FILE_TYPE = 0, 1, 2
DESCRIPTIONS, TENSOR_AXIS_LABELS = 1, 2
IMAGE_COLOR_SPACE, IMAGE_SIZE = 0, 1
SIZE_WIDTH, SIZE_HEIGHT = 0, 1
COLOR_SPACES = {"rgb": 1, "grayscale": 2}
CONTENT_TYPE, CONTENT_PROPERTIES = 0, 1
FEATURE_PROPERTIES, IMAGE_PROPERTIES = 1, 2
MEAN, STD = 0, 1
UNIT_TYPE, UNIT_OPTIONS = 0, 1
NORMALIZATION_OPTIONS = 1
TENSOR_NAME, TENSOR_DESCRIPTION, TENSOR_CONTENT, TENSOR_PROCESS_UNITS, TENSOR_FILES = 0, 1, 3, 4, 6
GRAPH_INPUTS, GRAPH_OUTPUTS = 2, 3
MODEL_NAME, MODEL_DESCRIPTION, MODEL_SUBGRAPHS, MODEL_FILES, MODEL_MIN_PARSER_VERSION = 0, 1, 3, 6, 7


@dataclass(frozen=True)
class ImageInput:
    """What the metadata says of the network's input."""

    name: str
    description: str
    color: Literal["rgb", "grayscale"] | None
    """None where the input is no image any more, such as wavelet subbands."""
    height_width: tuple[int, int]
    normalization: tuple[tuple[float, ...], tuple[float, ...]] | None
    """Mean and deviation, one or one per channel: (pixel - mean) / deviation; None where no such formula feeds it."""


@dataclass(frozen=True)
class LabelledOutput:
    """What the metadata says of the network's output."""

    name: str
    description: str
    labels_file: str
    """The associated file with one label per line, one for each value of the output."""


def metadata_flatbuffer(
    name: str, description: str, image: ImageInput, output: LabelledOutput, described_in: str
) -> bytes:
    """The flatbuffer of type ModelMetadata; equal arguments give equal bytes.

    Args:
        described_in: the associated file that says more.
    """
    tables = _Tables()
    content = tables.content(image)
    units = [tables.normalization(*image.normalization)] if image.normalization else []
    input_tensor = tables.tensor(image.name, image.description, content, units, [])
    labels = tables.file(output.labels_file, "One label per line, in the order of the values.", TENSOR_AXIS_LABELS)
    features = tables.table({CONTENT_TYPE: FEATURE_PROPERTIES}, {CONTENT_PROPERTIES: tables.table({}, {})})
    output_tensor = tables.tensor(output.name, output.description, features, [], [labels])
    graph = tables.table(
        {}, {GRAPH_INPUTS: tables.vector([input_tensor]), GRAPH_OUTPUTS: tables.vector([output_tensor])}
    )
    more = tables.file(described_in, "How to feed the model, step by step and as JSON.", DESCRIPTIONS)
    return tables.finished(
        {
            MODEL_NAME: tables.text(name),
            MODEL_DESCRIPTION: tables.text(description),
            MODEL_SUBGRAPHS: tables.vector([graph]),
            MODEL_FILES: tables.vector([more]),
            MODEL_MIN_PARSER_VERSION: tables.text(MIN_PARSER_VERSION),
        }
    )


class _Tables:
    """A builder that speaks in tables; each method returns the offset of what it wrote."""

    def __init__(self) -> None:
        self._builder = flatbuffers.Builder(1024)

    def text(self, text: str) -> int:
        return int(self._builder.CreateString(text))

    def vector(self, offsets: list[int]) -> int:
        self._builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self._builder.PrependUOffsetTRelative(offset)
        return int(self._builder.EndVector())

    def numbers(self, values: tuple[float, ...]) -> int:
        self._builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self._builder.PrependFloat32(value)
        return int(self._builder.EndVector())

    def table(self, kinds: dict[int, int], references: dict[int, int]) -> int:
        """A table whose `kinds` are enumerations of one byte, by field."""
        self._builder.StartObject(max([*kinds, *references], default=-1) + 1)
        for field, offset in references.items():
            self._builder.PrependUOffsetTRelativeSlot(field, offset, 0)
        for field, kind in kinds.items():
            self._builder.PrependUint8Slot(field, kind, 0)
        return int(self._builder.EndObject())

    def content(self, image: ImageInput) -> int:
        if image.color is None:
            return self.table({CONTENT_TYPE: FEATURE_PROPERTIES}, {CONTENT_PROPERTIES: self.table({}, {})})
        height, width = image.height_width
        self._builder.StartObject(SIZE_HEIGHT + 1)
        self._builder.PrependUint32Slot(SIZE_WIDTH, width, 0)
        self._builder.PrependUint32Slot(SIZE_HEIGHT, height, 0)
        size = int(self._builder.EndObject())
        properties = self.table({IMAGE_COLOR_SPACE: COLOR_SPACES[image.color]}, {IMAGE_SIZE: size})
        return self.table({CONTENT_TYPE: IMAGE_PROPERTIES}, {CONTENT_PROPERTIES: properties})

    def normalization(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> int:
        options = self.table({}, {MEAN: self.numbers(mean), STD: self.numbers(deviation)})
        return self.table({UNIT_TYPE: NORMALIZATION_OPTIONS}, {UNIT_OPTIONS: options})

    def file(self, name: str, description: str, kind: int) -> int:
        return self.table({FILE_TYPE: kind}, {FILE_NAME: self.text(name), FILE_DESCRIPTION: self.text(description)})

    def tensor(self, name: str, description: str, content: int, units: list[int], files: list[int]) -> int:
        references = {
            TENSOR_NAME: self.text(name),
            TENSOR_DESCRIPTION: self.text(description),
            TENSOR_CONTENT: content,
        }
        if units:
            references[TENSOR_PROCESS_UNITS] = self.vector(units)
        if files:
            references[TENSOR_FILES] = self.vector(files)
        return self.table({}, references)

    def finished(self, references: dict[int, int]) -> bytes:
        """The whole, with the root table of these fields."""
        self._builder.Finish(self.table({}, references), METADATA_IDENTIFIER)
        return bytes(self._builder.Output())
