"""Look-up tables for TensorFlow Lite Micro: the same kernels, read back bit by bit, and the same outputs there."""

from __future__ import annotations

import io
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from engine.chain import micro_variant
from engine.chain.micro_variant import measure_micro
from engine.contract.errors import NutshellError, PromiseBroken
from engine.contract.events import EngineEvent, Notice
from engine.contract.evidence import Evidence
from engine.contract.findings import Severity
from engine.contract.progress import Progress
from engine.contract.step_parameters import StepParameters
from engine.datasets.source import Split
from engine.export.feeding_description import FEEDING_FILE, described
from engine.export.lookup_tables import STRUCTURE_BYTES, with_lookup_tables
from engine.export.model_packing import packed
from engine.feeding.study_images import StudyImages
from engine.measurement.accuracy import predicted
from engine.measurement.clean_process import measure_in_clean_process
from engine.measurement.interpreter import load_interpreter
from engine.measurement.measurement_job import MicroJob
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import TfliteGraph
from engine.steps.magnitude_pruning.parameters import MagnitudePruningParameters
from engine.steps.post_training_quantization.evidence import LookUpTables
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from engine.steps.post_training_quantization.step import PostTrainingQuantization
from engine.steps.quantization_aware_training.step import QuantizationAwareTrainingParameters
from engine.steps.weight_clustering.step import WeightClustering, WeightClusteringParameters
from engine.workbench.network import Network
from engine.workbench.step_context import StepContext
from tests.engine.export.micro import micro_probabilities, reference_probabilities
from tests.step_place import after

pytest.importorskip("tflite_micro", reason="has no wheel for this platform")

STEP = PostTrainingQuantization()
TABLES = PostTrainingQuantizationParameters(scheme="int8", lookup_tables=True, calibration_images=20)
DECODE = b"TFLM_DECODE"


@dataclass(frozen=True)
class Made:
    """An int8 file of 16 clusters and what comes of it."""

    plain: bytes
    compact: bytes
    found: LookUpTables


@pytest.fixture(scope="module")
def made(small_context: StepContext, trained_network: Network) -> Made:
    network = WeightClustering().apply(
        WeightClusteringParameters(clusters=16, epochs=0), trained_network, small_context
    )
    found: list[Evidence] = []
    plain = STEP.apply(TABLES, network, replace(small_context, found=found.append))
    STEP.check_promise(TABLES, network, TfliteFile.parse(plain))
    compact = STEP.micro_form(TABLES, plain)
    assert compact is not None
    (tables,) = (one for one in found if isinstance(one, LookUpTables))
    return Made(plain, compact, tables)


def test_kernels_read_bit_by_bit_are_those_of_the_plain_file(made: Made) -> None:
    expected = {kernel.name: kernel.values for kernel in TfliteFile.parse(made.plain).kernels}
    decoded = dict(decoded_kernels(made.compact))
    assert len(decoded) >= 10
    for name, values in decoded.items():
        assert np.array_equal(values, expected[name]), name
    tables = {one.kernel for one in made.found.kernels if one.is_table}
    assert tables == set(decoded)
    for one, kernel in zip(made.found.kernels, TfliteFile.parse(made.compact).kernels, strict=True):
        assert one.kernel == kernel.name
        assert np.array_equal(kernel.values, expected[kernel.name])
        assert one.is_table or one.stored_bytes == one.plain_bytes == kernel.size


def test_the_file_is_smaller_without_a_zip(made: Made) -> None:
    assert made.found.file_bytes == len(made.compact)
    assert made.found.plain_file_bytes == len(made.plain)
    kernels = sum(one.plain_bytes - one.stored_bytes for one in made.found.kernels)
    # Beside the tables, equal vectors are stored once.
    others = len(packed(schema.ModelT.InitFromPackedBuf(made.plain, 0), vectors_once=True)) - kernels
    tables = sum(one.is_table for one in made.found.kernels)
    print(f"\n{(len(made.compact) - others) / tables:.0f} bytes around each table")
    assert 0 < len(made.compact) - others < 1.5 * STRUCTURE_BYTES * tables
    assert all(one.stored_bytes <= one.plain_bytes for one in made.found.kernels)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("model.tflite", made.plain)
    print(f"\nplain {len(made.plain):,}, zipped {zipped.tell():,}, look-up tables {len(made.compact):,} bytes")
    assert len(made.compact) < 0.75 * len(made.plain)
    assert STEP.micro_form(TABLES, made.plain) == made.compact
    assert STEP.micro_form(TABLES.model_copy(update={"lookup_tables": False}), made.plain) is None


def test_it_ships_described_and_micro_gives_what_the_plain_file_gives(
    made: Made, small_context: StepContext, tmp_path: Path
) -> None:
    images = np.stack(list(small_context.calibration_images(24)))
    expected = micro_probabilities(made.plain, images)
    apart = np.abs(expected - reference_probabilities(made.plain, list(images))).max()
    print(f"\nLiteRT's reference kernels differ by {apart:.6f} of a probability")
    assert apart <= 1 / 256
    assert len(np.unique(expected)) > 4, "else this shows nothing"
    plain, compact = (
        described(one, small_context.pipeline, small_context.dataset.classes) for one in (made.plain, made.compact)
    )
    assert compact[1] == plain[1]
    assert zipfile.ZipFile(io.BytesIO(compact[0])).read(FEEDING_FILE).decode() == plain[1]
    assert np.array_equal(micro_probabilities(compact[0], images), expected)
    files = tmp_path / "plain.tflite", tmp_path / "compact.tflite"
    for file, (content, _) in zip(files, (plain, compact), strict=True):
        file.write_bytes(content)
    dataset = small_context.dataset
    study = StudyImages(dataset, small_context.pipeline)
    rows = dataset.splits[Split.TEST]
    fed = small_context.pipeline.feed(dataset.images[rows])
    decided = predicted(reference_probabilities(made.plain, list(fed)))
    measured = measure_micro(*files, "models/tflm/x.tflite", 1, study, decided, Progress())
    assert (measured.images, measured.same_class) == (len(rows), len(rows))
    assert measured.model_bytes == len(compact[0])
    # A decoded kernel lies in the arena, where the plain file's is read from the file.
    assert measured.arena_bytes > measured.plain_arena_bytes > 0


def test_another_output_is_a_broken_promise(made: Made, small_context: StepContext, tmp_path: Path) -> None:
    model = schema.ModelT.InitFromPackedBuf(made.compact, 0)
    table = model.buffers[tensor(model, decode_pairs(model)[-1][1]).buffer]
    table.data = np.concatenate([table.data[:16], ~table.data[16:]])
    files = tmp_path / "plain.tflite", tmp_path / "compact.tflite"
    for file, content in zip(files, (made.plain, packed(model)), strict=True):
        file.write_bytes(content)
    study = StudyImages(small_context.dataset, small_context.pipeline)
    decided = np.zeros(len(small_context.dataset.splits[Split.TEST]), np.int64)
    with pytest.raises(PromiseBroken, match=r"does not for \d+ of \d+ test images"):
        measure_micro(*files, "x", 1, study, decided, Progress())


@pytest.mark.parametrize("bits", range(1, 8))
def test_every_width_of_index_is_read_so_by_micro(made: Made, small_context: StepContext, bits: int) -> None:
    """The last convolution with other values, as many as the index can tell apart; of seven bits as many as pay."""
    count = min(2**bits, 65)
    place, kernel = max(TfliteGraph(made.plain).placed_kernels(), key=lambda placed: placed[1].size)
    generator = np.random.default_rng(bits)
    values = np.stack([generator.permutation(np.arange(-127, 128))[:count] for _ in range(len(kernel.values))])
    chosen = generator.integers(0, count, kernel.values.shape)
    chosen.reshape(len(values), -1)[:, :count] = np.arange(count)
    replaced = values[np.arange(len(values))[:, None, None, None], chosen].astype(np.int8)
    model = schema.ModelT.InitFromPackedBuf(made.plain, 0)
    model.buffers[tensor(model, place).buffer].data = np.frombuffer(replaced.tobytes(), np.uint8)
    plain = packed(model)
    form = with_lookup_tables(plain)
    assert form.content is not None
    (stored,) = (one for one in form.kernels if one.kernel == kernel.name)
    assert (stored.values, stored.index_bits) == (count, bits)
    images = list(small_context.calibration_images(4))
    assert np.array_equal(micro_probabilities(plain, images), micro_probabilities(form.content, images))


def test_without_few_values_there_is_no_file(small_context: StepContext, trained_network: Network) -> None:
    found: list[Evidence] = []
    told: list[EngineEvent] = []
    telling = replace(small_context, found=found.append, trainer=replace(small_context.trainer, emit=told.append))
    plain = STEP.apply(TABLES, trained_network, telling)
    (tables,) = (one for one in found if isinstance(one, LookUpTables))
    assert STEP.micro_form(TABLES, plain) is None
    assert tables.file_bytes is None
    assert "no file for TensorFlow Lite Micro is made" in tables.sentence()
    (notice,) = told
    assert isinstance(notice, Notice)
    assert notice.severity == "warning"
    assert tables.sentence() in notice.message


def test_litert_says_whose_file_it_is(made: Made) -> None:
    with pytest.raises(NutshellError, match="has look-up tables, which TensorFlow Lite Micro alone reads"):
        load_interpreter(made.compact)


def test_what_micro_does_not_run_is_a_sentence(made: Made, tmp_path: Path) -> None:
    file, images = tmp_path / "plain.tflite", tmp_path / "images.npy"
    model = schema.ModelT.InitFromPackedBuf(made.plain, 0)
    for code in model.operatorCodes:
        if code.builtinCode == schema.BuiltinOperator.CONV_2D:
            code.builtinCode, code.customCode = schema.BuiltinOperator.CUSTOM, b"NOT_THERE"
            code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    file.write_bytes(packed(model))
    np.save(images, np.zeros((1, 32, 32, 1), np.float32))
    with pytest.raises(NutshellError, match=r"TensorFlow Lite Micro does not run plain\.tflite"):
        measure_in_clean_process(MicroJob(plain=str(file), file=str(file), images=str(images)))


def test_without_the_package_it_is_refused_in_a_sentence(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tflite_micro", None)  # As Python marks what cannot be imported.
    (fault,) = (
        one
        for one in STEP.findings(TABLES, after(WeightClusteringParameters(clusters=16)))
        if one.severity is Severity.ERROR
    )
    assert "lookup_tables needs the package tflite_micro, which is not installed" in fault.message
    assert fault.repair is not None
    with pytest.raises(NutshellError, match="needs the package tflite_micro"):
        STEP.micro_form(TABLES, made.plain)
    assert STEP.micro_form(TABLES.model_copy(update={"lookup_tables": False}), made.plain) is None


def test_the_pre_flight_says_what_is_missing() -> None:
    clustered = WeightClusteringParameters(clusters=16)

    def refused(*earlier: StepParameters, **given: object) -> list[str]:
        parameters = TABLES.model_copy(update=given)
        found = STEP.findings(parameters, after(*earlier))
        errors = [one for one in found if one.severity is Severity.ERROR]
        assert all(one.repair is not None for one in errors)
        return [one.message for one in errors]

    assert refused(clustered) == []
    assert refused(MagnitudePruningParameters(), clustered, QuantizationAwareTrainingParameters()) == []
    assert "no weight clustering comes before" in refused(MagnitudePruningParameters())[0]
    assert "at most 128 values, and the clustering leaves 300" in refused(WeightClusteringParameters(clusters=300))[0]
    assert refused(WeightClusteringParameters(clusters=300), clustered) == []
    assert "only to the scheme int8" in refused(clustered, scheme="dynamic_range")[0]


def test_few_images_are_checked_of_a_large_network() -> None:
    assert micro_variant.checked_images(35_000_000, 1000) == 200
    assert micro_variant.checked_images(1_000_000_000, 1000) == 20
    assert micro_variant.checked_images(10**11, 1000) == 8
    assert micro_variant.checked_images(0, 5) == 5


def decoded_kernels(content: bytes) -> list[tuple[str, np.ndarray]]:
    """By Python's own integers and the format's description."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    found = []
    for indices, table, output in decode_pairs(model):
        decoded, raw = tensor(model, output), bytes(model.buffers[tensor(model, table).buffer].data)
        shape = tuple(map(int, decoded.shape))
        assert raw[:2] == bytes([0, 1])
        axis, bits, stride = raw[5] >> 4, raw[5] & 7, raw[6]
        assert axis == decoded.quantization.quantizedDimension == 0
        assert len(raw) == 16 + stride * shape[0]
        packed_bits = bytes(model.buffers[tensor(model, indices).buffer].data)
        text = f"{int.from_bytes(packed_bits, 'big'):0{8 * len(packed_bits)}b}"
        count = int(np.prod(shape))
        values = []
        for number in range(count):
            channel = number // (count // shape[0])
            byte = raw[16 + channel * stride + int(text[number * bits : (number + 1) * bits], 2)]
            values.append(byte - 256 if byte > 127 else byte)
        found.append((decoded.name.decode(), np.array(values, np.int8).reshape(shape)))
    return found


def decode_pairs(model: Any) -> list[tuple[int, int, int]]:
    """(indices, table, decoded) of each DECODE."""
    operators = model.subgraphs[0].operators
    return [
        (int(one.inputs[0]), int(one.inputs[1]), int(one.outputs[0]))
        for one in operators
        if model.operatorCodes[one.opcodeIndex].customCode == DECODE
    ]


def tensor(model: Any, place: int) -> Any:
    return model.subgraphs[0].tensors[place]
