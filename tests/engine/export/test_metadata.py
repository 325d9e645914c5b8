"""Metadata inside a `.tflite`, read back by the published schema's field numbers alone; the network stays as it is."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any

import numpy as np
import pytest
import tf_keras
from ai_edge_litert import schema_py_generated as schema

from engine.export.metadata_embedding import with_metadata
from engine.export.metadata_tables import ImageInput, LabelledOutput, metadata_flatbuffer
from engine.export.tflite_conversion import float32_tflite
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.quantizer import quantized
from tests.engine.export.conftest import Trained, probabilities

FILES = {"labels.txt": "Müller\n良性\n".encode(), "more.json": b"{}"}
METADATA = metadata_flatbuffer(
    name="A classifier",
    description="Of two kinds.",
    image=ImageInput("image", "Resize it.", "rgb", (48, 64), ((127.5, 1.0, 2.0), (50.0, 51.0, 52.0))),
    output=LabelledOutput("probabilities", "One a class.", "labels.txt"),
    described_in="more.json",
)


class Reader:
    """A flatbuffer table, read by hand from the format's own description."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content, self._position = content, position
        self._vtable = position - struct.unpack_from("<i", content, position)[0]

    @classmethod
    def root(cls, content: bytes) -> Reader:
        return cls(content, struct.unpack_from("<I", content, 0)[0])

    def number(self, field: int, form: str) -> Any:
        place = self._place(field)
        return struct.unpack_from(form, self._content, place)[0] if place else 0

    def table(self, field: int) -> Reader:
        return Reader(self._content, self._followed(self._place(field)))

    def tables(self, field: int) -> list[Reader]:
        start, count = self._vector(field)
        return [Reader(self._content, self._followed(start + 4 * number)) for number in range(count)]

    def text(self, field: int) -> str:
        start, count = self._vector(field)
        return self._content[start : start + count].decode()

    def floats(self, field: int) -> list[float]:
        start, count = self._vector(field)
        return list(struct.unpack_from(f"<{count}f", self._content, start))

    def _place(self, field: int) -> int:
        if 4 + 2 * field >= struct.unpack_from("<H", self._content, self._vtable)[0]:
            return 0
        offset = struct.unpack_from("<H", self._content, self._vtable + 4 + 2 * field)[0]
        return self._position + offset if offset else 0

    def _followed(self, place: int) -> int:
        return int(place + struct.unpack_from("<I", self._content, place)[0])

    def _vector(self, field: int) -> tuple[int, int]:
        place = self._place(field)
        if not place:
            return 0, 0
        start = self._followed(place)
        return start + 4, struct.unpack_from("<I", self._content, start)[0]


def embedded(content: bytes) -> bytes:
    """What TensorFlow Lite's own reader finds under the name of the metadata."""
    model = schema.Model.GetRootAs(content, 0)
    entries = [model.Metadata(number) for number in range(model.MetadataLength())]
    (entry,) = [entry for entry in entries if entry.Name() == b"TFLITE_METADATA"]
    return bytes(model.Buffers(entry.Buffer()).DataAsNumpy())


def alignments(content: bytes) -> list[int]:
    """By how many bytes each buffer lies behind a multiple of 16."""
    whole, model = np.frombuffer(content, np.uint8), schema.Model.GetRootAs(content, 0)
    buffers = [model.Buffers(number) for number in range(model.BuffersLength())]
    filled = [buffer.DataAsNumpy() for buffer in buffers if buffer.DataLength()]
    return [(data.ctypes.data - whole.ctypes.data) % 16 for data in filled]


def test_every_field_is_where_the_schema_has_it() -> None:
    assert METADATA[4:8] == b"M001"
    model = Reader.root(METADATA)
    assert (model.text(0), model.text(1), model.text(7)) == ("A classifier", "Of two kinds.", "1.0.0")
    (more,) = model.tables(6)
    assert (more.text(0), more.number(2, "<b")) == ("more.json", 1)  # DESCRIPTIONS
    (graph,) = model.tables(3)
    ((image,), (output,)) = graph.tables(2), graph.tables(3)
    assert (image.text(0), image.text(1)) == ("image", "Resize it.")
    content = image.table(3)
    assert content.number(0, "<B") == 2  # ImageProperties
    properties = content.table(1)
    assert properties.number(0, "<b") == 1  # RGB
    assert [properties.table(1).number(field, "<I") for field in (0, 1)] == [64, 48]  # width, height
    (unit,) = image.tables(4)
    assert unit.number(0, "<B") == 1  # NormalizationOptions
    assert [unit.table(1).floats(field) for field in (0, 1)] == [[127.5, 1.0, 2.0], [50.0, 51.0, 52.0]]
    (labels,) = output.tables(6)
    assert (labels.text(0), labels.number(2, "<b")) == ("labels.txt", 2)  # TENSOR_AXIS_LABELS
    assert output.table(3).number(0, "<B") == 1  # FeatureProperties


def test_what_is_no_image_has_no_normalisation() -> None:
    subbands = ImageInput("image", "Transform it.", None, (8, 8), None)
    (graph,) = Reader.root(
        metadata_flatbuffer("", "", subbands, LabelledOutput("p", "", "labels.txt"), "more.json")
    ).tables(3)
    (image,) = graph.tables(2)
    assert image.table(3).number(0, "<B") == 1  # FeatureProperties
    assert image.tables(4) == []


def test_the_network_computes_what_it_did_and_its_weights_lie_as_they_lay(residual: Trained) -> None:
    content = with_metadata(residual.float32, METADATA, FILES)
    assert embedded(content) == METADATA
    images = residual.test_images[:32]
    np.testing.assert_array_equal(probabilities(content, images), probabilities(residual.float32, images))
    before, after = TfliteFile.parse(residual.float32), TfliteFile.parse(content)
    assert before.operators == after.operators
    for one, other in zip(before.kernels, after.kernels, strict=True):
        assert np.array_equal(one.values, other.values)
    assert set(alignments(content)) == {0}


def test_what_the_file_knew_is_kept(residual: Trained) -> None:
    def names(content: bytes) -> list[bytes]:
        model = schema.Model.GetRootAs(content, 0)
        return [model.Metadata(number).Name() for number in range(model.MetadataLength())]

    content = with_metadata(residual.float32, METADATA, FILES)
    before, after = (schema.Model.GetRootAs(each, 0) for each in (residual.float32, content))
    assert names(content) == [*names(residual.float32), b"TFLITE_METADATA"]
    assert (after.Version(), after.Description()) == (before.Version(), before.Description())
    assert after.SignatureDefs(0).SignatureKey() == before.SignatureDefs(0).SignatureKey()
    assert len(content) - len(residual.float32) < 4096


def test_the_same_gives_the_same_bytes_with_the_files_as_a_zip(residual: Trained) -> None:
    content = with_metadata(residual.float32, METADATA, FILES)
    assert with_metadata(residual.float32, METADATA, FILES) == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


@pytest.mark.parametrize("cut", [0, 1, 7, 15])
def test_files_of_any_length_are_padded(residual: Trained, cut: int) -> None:
    content = with_metadata(residual.float32 + bytes(cut), METADATA, {})
    assert embedded(content) == METADATA
    np.testing.assert_array_equal(
        probabilities(content, residual.test_images[:2]), probabilities(residual.float32, residual.test_images[:2])
    )


def test_weights_behind_the_flatbuffer_are_found_again() -> None:
    """As the quantizer leaves files with 256 KiB of weights or more."""
    image = tf_keras.Input((16, 16, 1))
    wide = tf_keras.layers.Dense(1200)(tf_keras.layers.Flatten()(image))
    model = tf_keras.Model(image, tf_keras.layers.Dense(2, activation="softmax")(wide))
    content = quantized(float32_tflite(model), "dynamic_range")
    described = with_metadata(content, METADATA, FILES)
    images = np.random.default_rng(7).random((4, 16, 16, 1), dtype=np.float32)
    assert np.array_equal(probabilities(described, images), probabilities(content, images))
    for before, after in zip(TfliteFile.parse(content).kernels, TfliteFile.parse(described).kernels, strict=True):
        assert np.array_equal(before.values, after.values)
        assert np.unique(after.values).size > 1
