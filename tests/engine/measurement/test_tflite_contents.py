"""What is read from a `.tflite` is held against the Keras network that it was made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import NutshellError
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.tflite_file import TfliteFile
from tests.engine.measurement.conftest import SIDE, SampleFiles

OPERATORS = ["CONV_2D", "DEPTHWISE_CONV_2D", "CONV_2D", "FULLY_CONNECTED"]
MACS = 16 * 16 * 16 * 27 + 8 * 8 * 16 * 9 + 8 * 8 * 64 * 16 + 8 * 8 * 64 * 10
BITS = {"int8": 8, "int4": 4}
EVERY_FILE = {
    "float32": {"float32"},
    "converter_float16": {"float16"},
    # The converter leaves kernels of fewer than 1,024 values as they are.
    "converter_dynamic_range": {"float32", "int8"},
    "converter_int8": {"int8"},
    "converter_int8_io": {"int8"},
    "converter_int16x8": {"int8"},
    "quantizer_float16": {"float16"},
    "quantizer_dynamic_range": {"int8"},
    "quantizer_int8": {"int8"},
    "quantizer_int16x8": {"int8"},
    # LiteRT has no depthwise convolution with four bits.
    "quantizer_int4": {"float32", "int4"},
}
INTEGER_FILES = [name for name in EVERY_FILE if "int8" in name.split("_")[1:] or "int16x8" in name]


def expected_values(kernel: np.ndarray, operator: str, dtype: str) -> np.ndarray:
    """The kernel in a file's numbers: symmetric about zero, a scale an output channel (Jacob et al. 2018)."""
    if dtype not in BITS:
        return kernel.astype(dtype)
    channel = 3 if operator == "DEPTHWISE_CONV_2D" else 0
    others = tuple(axis for axis in range(kernel.ndim) if axis != channel)
    largest = np.abs(kernel).max(axis=others, keepdims=True)
    return np.rint(kernel / (largest / (2 ** (BITS[dtype] - 1) - 1))).astype(np.int8)


@pytest.fixture(params=EVERY_FILE)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_kernels_are_as_stored(sample_files: SampleFiles, name: str) -> None:
    found = TfliteFile.read(sample_files.path(name)).kernels
    assert [kernel.operator for kernel in found] == OPERATORS
    assert {kernel.dtype for kernel in found} == EVERY_FILE[name]
    for kernel, truth in zip(found, sample_files.kernels, strict=True):
        expected = expected_values(truth, kernel.operator, kernel.dtype)
        if kernel.dtype in BITS:
            # A value that lies between two integers may go either way; none may be off by more than one step.
            off = np.abs(kernel.values.astype(int) - expected.astype(int))
            assert off.max() <= 1
            assert np.count_nonzero(off) <= truth.size * 0.01
            assert len(kernel.scales) == truth.shape[kernel.channel_axis]
        else:
            np.testing.assert_allclose(kernel.values, expected, rtol=1e-3, atol=1e-7)
            assert kernel.channel_axis is None


def test_zeros_are_counted(sample_files: SampleFiles, name: str) -> None:
    file = TfliteFile.read(sample_files.path(name))
    pairs = list(zip(file.kernels, sample_files.kernels, strict=True))
    pruned = sum(np.count_nonzero(truth == 0) for truth in sample_files.kernels)
    expected = sum(np.count_nonzero(expected_values(t, k.operator, k.dtype) == 0) for k, t in pairs)
    assert file.zero_kernel_values == pytest.approx(expected, abs=5)
    assert file.sparsity_fraction == file.zero_kernel_values / sum(truth.size for truth in sample_files.kernels)
    if "float" in name:
        assert file.zero_kernel_values == pruned
    else:
        # Small weights have become zeros too.
        assert file.zero_kernel_values > pruned


def test_unique_weights_of_one_channel_where_each_has_its_scale(sample_files: SampleFiles) -> None:
    dense = sample_files.kernels[3]
    assert TfliteFile.read(sample_files.path("float32")).unique_weights == len(np.unique(dense))
    assert TfliteFile.read(sample_files.path("converter_float16")).unique_weights == len(
        np.unique(dense.astype(np.float16))
    )
    integers = expected_values(dense, "FULLY_CONNECTED", "int8")
    most = max(len(np.unique(channel)) for channel in integers)
    assert TfliteFile.read(sample_files.path("quantizer_int8")).unique_weights == pytest.approx(most, abs=1)


def test_clustered_kernels_show_their_clusters(sample_files: SampleFiles, tmp_path: Path) -> None:
    """The dense kernel's values replaced by four, in place, in the file itself."""
    content = bytearray(sample_files.path("float32").read_bytes())
    stored = np.ascontiguousarray(TfliteFile.parse(bytes(content)).kernels[3].values)
    start = bytes(content).index(stored.tobytes())
    levels = np.float32([-0.02, -0.01, 0, 0.01])
    clustered = levels[np.random.default_rng(0).integers(0, 4, stored.shape)]
    content[start : start + stored.nbytes] = clustered.tobytes()
    assert TfliteFile.parse(bytes(content)).kernels[3].unique_values == 4


def test_macs(sample_files: SampleFiles, name: str) -> None:
    file = TfliteFile.read(sample_files.path(name))
    assert file.macs == MACS
    assert {operator.name for operator in file.operators if operator.macs} == set(OPERATORS)


def test_macs_of_a_transposed_convolution(sample_files: SampleFiles) -> None:
    """Each of 4×4 input pixels is spread by a kernel of 3×3×3×2."""
    file = TfliteFile.read(sample_files.path("transposed"))
    assert file.macs == 4 * 4 * 3 * 3 * 3 * 2
    assert [kernel.size for kernel in file.kernels] == [3 * 3 * 3 * 2]


@pytest.mark.parametrize("integer", INTEGER_FILES)
def test_integer_files_compute_nothing_in_float(sample_files: SampleFiles, integer: str) -> None:
    assert TfliteFile.read(sample_files.path(integer)).float_operators == 0


@pytest.mark.parametrize("hybrid", [name for name in EVERY_FILE if name not in INTEGER_FILES])
def test_other_files_compute_in_float_and_their_dequantisation_is_not_counted(
    sample_files: SampleFiles, hybrid: str
) -> None:
    file = TfliteFile.read(sample_files.path(hybrid))
    computing = [operator for operator in file.operators if operator.name not in {"QUANTIZE", "DEQUANTIZE"}]
    assert file.float_operators == len(computing) == 6
    assert ("DEQUANTIZE" in {operator.name for operator in file.operators}) == ("float16" in hybrid or "int4" in hybrid)


def test_input_and_output(sample_files: SampleFiles) -> None:
    plain, integer = (
        TfliteFile.read(sample_files.path("converter_int8")),
        TfliteFile.read(sample_files.path("converter_int8_io")),
    )
    assert plain.input_shape == integer.input_shape == (1, SIDE, SIDE, 3)
    assert (plain.input_dtype, plain.output_dtype) == ("float32", "float32")
    assert (integer.input_dtype, integer.output_dtype) == ("int8", "int8")


def test_weights_behind_the_flatbuffer(sample_files: SampleFiles, tmp_path: Path) -> None:
    """Files over 2 GB keep their buffers there; LiteRT runs the one made here, so it is made right."""
    large = tmp_path / "behind.tflite"
    large.write_bytes(_with_buffers_behind(sample_files.path("float32").read_bytes()))
    classifier = ImageClassifier(large)
    classifier.set_image(sample_files.images[0])
    classifier.invoke()
    np.testing.assert_allclose(classifier.probabilities(), sample_files.probabilities[0], atol=1e-5)
    for moved, plain in zip(
        TfliteFile.read(large).kernels, TfliteFile.read(sample_files.path("float32")).kernels, strict=True
    ):
        np.testing.assert_array_equal(moved.values, plain.values)


def test_a_damaged_file_is_one_sentence_or_readable(sample_files: SampleFiles) -> None:
    """Cut anywhere, or with any byte of its tables changed, it never ends in another exception."""
    content = sample_files.path("quantizer_int8").read_bytes()
    generator = np.random.default_rng(3)
    damaged = [content[:length] for length in range(0, len(content), len(content) // 40)]
    for place in generator.integers(len(content) - 4000, len(content), 500):
        changed = bytearray(content)
        changed[place] ^= int(generator.integers(1, 256))
        damaged.append(bytes(changed))
    sentences = [_refusal(candidate) for candidate in damaged]
    assert 40 < len(list(filter(None, sentences))) < len(damaged)
    assert set(sentences) == {
        "",
        "net.tflite is no .tflite file; make it again.",
        "net.tflite is a damaged .tflite file; make it again.",
    }


def test_what_is_no_tflite_is_said(tmp_path: Path) -> None:
    image = tmp_path / "cat.tflite"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" * 10)
    with pytest.raises(NutshellError, match=r"cat\.tflite is no \.tflite file"):
        TfliteFile.read(image)
    with pytest.raises(NutshellError, match=r"gone\.tflite cannot be read"):
        TfliteFile.read(tmp_path / "gone.tflite")


def _refusal(content: bytes) -> str:
    """What is said of a file that cannot be read; empty where it can."""
    try:
        TfliteFile.parse(content, "net.tflite")
    except NutshellError as error:
        return str(error)
    return ""


def _with_buffers_behind(content: bytes) -> bytes:
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    moved = [buffer for buffer in model.buffers if buffer.data is not None and len(buffer.data)]
    data = [bytes(buffer.data) for buffer in moved]

    def packed() -> bytes:
        builder = flatbuffers.Builder(0)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    for buffer, part in zip(moved, data, strict=True):
        buffer.data, buffer.offset, buffer.size = None, 2, len(part)
    # Offsets of another value take the same bytes, so the tables' length is known by now.
    end = len(packed())
    tail = b""
    for buffer, part in zip(moved, data, strict=True):
        tail += bytes(-(end + len(tail)) % 16)
        buffer.offset = end + len(tail)
        tail += part
    return packed() + tail
