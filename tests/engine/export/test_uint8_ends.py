"""A file with integer ends, read by its feeding file alone: plain JSON, NumPy and LiteRT, none of our code.

Its uint8 form gives the int8 form's own integers, 128 higher, in every runtime.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import NutshellError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.prepared import PreparedDataset
from engine.export.feeding_description import described
from engine.export.tflite_conversion import converter_tflite
from engine.export.uint8_ends import with_uint8_ends
from engine.feeding.pipeline import ImagePipeline, fit_pipeline, network_input_shape
from engine.measurement.classification import classify
from engine.measurement.tflite_file import TfliteFile
from engine.steps.post_training_quantization.parameters import PostTrainingQuantizationParameters
from tests.tflite_toys import gap_model

SIDE = 24
SETTINGS = ImageSettings(size=SIDE, color="grayscale")
IMAGES = 32


@pytest.fixture(scope="module")
def hearts(heart_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[PreparedDataset, ImagePipeline]:
    source = DatasetSettings(kind="image_folder", path=str(heart_folder))
    dataset = prepare(scan(source, 7), source, SETTINGS, 7, tmp_path_factory.mktemp("cache"))
    return dataset, fit_pipeline(SETTINGS, dataset)


@pytest.fixture(scope="module")
def forms(hearts: tuple[PreparedDataset, ImagePipeline]) -> dict[str, bytes]:
    """Type of the ends → a file of the same network."""
    dataset, pipeline = hearts
    fed = pipeline.feed(dataset.images[:64])
    int8 = converter_tflite(gap_model(network_input_shape(SETTINGS), 2), "int8", list(fed), float_io=False)
    return {"int8": int8, "uint8": with_uint8_ends(int8)}


def read_alone(model: Path, beside: Path, image: Path) -> tuple[np.ndarray, np.ndarray]:
    """The integers, and the probabilities, of an image file; all that is known stands in the feeding file."""
    say: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    with zipfile.ZipFile(model) as archive:
        assert json.loads(archive.read("feeding.json")) == say
    side, source, target = say["images"]["size"], say["input"], say["output"]
    picture = Image.open(image).convert("L")
    picture = picture.resize((side, side), Image.Resampling[say["images"]["resample"].upper()])
    values = np.asarray(picture, np.float64)[None, :, :, None] / say["largest_value"]
    numbers = np.iinfo(source["dtype"])
    integers = np.clip(np.rint(values / source["scale"]) + source["zero_point"], numbers.min, numbers.max)
    interpreter = Interpreter(model_path=str(model))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], integers.astype(source["dtype"]))
    interpreter.invoke()
    found = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
    assert found.dtype == np.dtype(target["dtype"])
    return found, (found.astype(np.float64) - target["zero_point"]) * target["scale"]


@pytest.mark.parametrize("ends", ["int8", "uint8"])
def test_an_independent_reader_gets_the_measured_answers(
    ends: str,
    forms: dict[str, bytes],
    hearts: tuple[PreparedDataset, ImagePipeline],
    heart_folder: Path,
    tmp_path: Path,
) -> None:
    dataset, pipeline = hearts
    content, beside = described(forms[ends], pipeline, dataset.classes)
    model, feeding = tmp_path / "net.tflite", tmp_path / "net.json"
    model.write_bytes(content)
    feeding.write_text(beside, encoding="utf-8")
    ours = classify(model, [pipeline.feed(dataset.images[:IMAGES])])
    theirs = [read_alone(model, feeding, heart_folder / path)[1] for path in dataset.paths[:IMAGES]]
    # Half a step of the image's own rounding is told in other floats: the same integers, and so the same answers.
    np.testing.assert_allclose(ours, theirs, atol=1e-7)
    limits = "0 … 255" if ends == "uint8" else "-128 … 127"
    assert any(f"Quantise it to {ends}: " in step and limits in step for step in json.loads(beside)["how"])


@pytest.mark.parametrize("resolver", [OpResolverType.AUTO, OpResolverType.BUILTIN_REF])
def test_the_shift_by_128_is_exact_in_litert(resolver: OpResolverType, forms: dict[str, bytes]) -> None:
    drawn = np.random.default_rng(3).integers(-128, 128, (200, 1, SIDE, SIDE, 1)).astype(np.int8)
    answers = {}
    for ends, content in forms.items():
        interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
        rows = []
        for image in drawn:
            moved = (image.astype(np.int64) + 128).astype(np.uint8) if ends == "uint8" else image
            interpreter.set_tensor(source["index"], moved)
            interpreter.invoke()
            rows.append(interpreter.get_tensor(target["index"]).copy())
        answers[ends] = np.concatenate(rows)
    assert (answers["int8"].dtype, answers["uint8"].dtype) == (np.int8, np.uint8)
    assert np.array_equal(answers["int8"].astype(np.int64) + 128, answers["uint8"])
    assert len(np.unique(answers["int8"])) > 2


def test_the_shift_by_128_is_exact_in_tensorflow_lite_micro(forms: dict[str, bytes]) -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime", reason="has no wheel for this platform")
    drawn = np.random.default_rng(3).integers(-128, 128, (50, 1, SIDE, SIDE, 1)).astype(np.int8)
    answers = {}
    for ends, content in forms.items():
        interpreter = runtime.Interpreter.from_bytes(content, arena_size=2**20)
        rows = []
        for image in drawn:
            interpreter.set_input((image.astype(np.int64) + 128).astype(np.uint8) if ends == "uint8" else image, 0)
            interpreter.invoke()
            rows.append(interpreter.get_output(0).copy())
        answers[ends] = np.concatenate(rows)
    assert np.array_equal(answers["int8"].astype(np.int64) + 128, answers["uint8"])


def test_scales_stay_and_zero_points_are_128_apart(forms: dict[str, bytes]) -> None:
    int8, uint8 = (TfliteFile.parse(forms[ends]) for ends in ("int8", "uint8"))
    for one, other in ((int8.input, uint8.input), (int8.output, uint8.output)):
        assert (one.name, one.shape, one.scale) == (other.name, other.shape, other.scale)
        assert (one.dtype, other.dtype) == ("int8", "uint8")
        assert one.zero_point + 128 == other.zero_point
    assert [kernel.name for kernel in int8.kernels] == [kernel.name for kernel in uint8.kernels]
    assert with_uint8_ends(forms["int8"]) == forms["uint8"]


def test_float_ends_are_refused_with_the_setting(forms: dict[str, bytes]) -> None:
    with pytest.raises(NutshellError, match="set float_io = false"):
        with_uint8_ends(forms["uint8"])


def test_a_stage_without_uint8_ends_keeps_the_key_of_earlier_versions() -> None:
    def document(**given: object) -> dict[str, Any]:
        return PostTrainingQuantizationParameters.model_validate(given).stage_document()

    assert "io_type" not in document(scheme="int8", float_io=False)
    assert document(scheme="int8", io_type="uint8") == document(scheme="int8")
    assert document(scheme="int8", io_type="uint8", float_io=False)["io_type"] == "uint8"
