"""Shipped models answer for images as an independent script does, side by side, and nothing is passed over silently."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from engine.contract.errors import Cancelled, DataError
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.measurements import DecisionThreshold
from engine.contract.progress import Progress
from engine.export.metadata_embedding import with_metadata
from engine.export.metadata_tables import ImageInput, LabelledOutput, metadata_flatbuffer
from engine.inspection.answers import (
    AnsweredImage,
    Answers,
    AskedModel,
    Memory,
    answered,
    may_be_image,
    models_named,
)
from engine.inspection.answers_files import answers_csv, answers_document
from engine.inspection.asked_images import AskedFile, asked_files
from engine.inspection.loaded_model import UNSURE_MARGIN, Answer, LoadedModel
from engine.inspection.said_feeding import read_feeding
from engine.inspection.shipped_model import ShippedModel, UnsaidFeeding
from engine.inspection.standard_metadata import StandardMetadata, standard_metadata
from engine.measurement.tflite_file import TfliteFile
from tests.engine.export.test_feeding_of_sources import feed, mixed_depths
from tests.shipped_toys import SCHEMES, write_shipped
from tests.tflite_toys import converted, gap_network

Toys = dict[str, Path]
ROUNDING = {"float32": 5e-5, "float16": 5e-5, "dynamic_range": 0.01, "int8": 2 / 256}
"""The script divides by 255 in double precision: a float differs in its last bit, an integer by a step or two."""


def ask(paths: list[Path], files: list[Path], memory: Memory | None = None) -> Answers:
    models = [LoadedModel.open(file, name) for file, name in zip(files, models_named(files), strict=True)]
    asked = asked_files(paths, may_be_image(models))
    answers = Answers(tuple(map(AskedModel.of, models)), asked.skipped)
    for one in answered(asked.files, models, memory=memory):
        answers.add(one)
    return answers


def independent_answer(file: Path, image: str) -> np.ndarray:
    """What a script says that knows the file, its JSON, and LiteRT; the image is read by its own reader."""
    say = json.loads(file.with_suffix(".json").read_text())
    interpreter = Interpreter(model_path=str(file))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], feed(say, image)[None].astype(np.float32))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]


def test_answers_equal_those_of_an_independent_script(shipped_toys: Toys, heart_folder: Path) -> None:
    files = [shipped_toys[scheme] for scheme in SCHEMES]
    answers = ask([heart_folder], files)
    assert len(answers.images) == sum(1 for _ in heart_folder.rglob("*.png"))
    for image in answers.images[::7]:
        for file, answer in zip(files, image.answers, strict=True):
            assert answer is not None
            expected = independent_answer(file, image.path)
            atol = ROUNDING[file.stem]
            np.testing.assert_allclose(answer.probabilities, expected, atol=atol)
            if abs(expected[0] - 0.5) > atol:
                assert answer.class_name == ("normal", "sick")[int(expected.argmax())]
            assert answer.probability == max(answer.probabilities)
            assert 0 < answer.latency_ms < 1000


def test_images_of_other_depths_and_colours_are_put_on_the_same_scale(tmp_path: Path) -> None:
    folder = mixed_depths(tmp_path / "images")
    file = write_shipped(tmp_path / "models", folder, tmp_path / "cache", schemes=("float32",))["float32"]
    for image in ask([folder], [file]).images:
        assert image.answers[0] is not None
        np.testing.assert_allclose(
            image.answers[0].probabilities, independent_answer(file, image.path), atol=ROUNDING["float32"]
        )


def test_an_image_of_sixteen_bits_is_white_where_one_of_eight_is(shipped_toys: Toys, tmp_path: Path) -> None:
    eight = np.random.default_rng(3).integers(0, 256, (24, 24), dtype=np.uint8)
    Image.fromarray(eight).save(tmp_path / "eight.png")
    Image.fromarray(eight.astype(np.uint16) * 257).save(tmp_path / "sixteen.png")
    model = ShippedModel.open(shipped_toys["float32"])
    fed = [model.fed(model.decoded(tmp_path / name)) for name in ("eight.png", "sixteen.png")]
    np.testing.assert_array_equal(fed[0], fed[1])


def test_accuracy_is_told_where_folders_name_the_classes(shipped_toys: Toys, heart_folder: Path) -> None:
    answers = ask([heart_folder], [shipped_toys["float32"], shipped_toys["int8"]])
    for place in range(2):
        summary = answers.summary(place)
        right = sum(image.answers[place].class_name == Path(image.path).parent.name for image in answers.images)  # type: ignore[union-attr]
        assert (summary.labelled, summary.right) == (len(answers.images), right)
        assert summary.accuracy == right / len(answers.images) > 0.6
    alone = ask([heart_folder / "sick"], [shipped_toys["int8"]])
    assert alone.summary(0).accuracy is None
    assert alone.images[0].true_class == ""


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (("a",), "a"),
        (("test", "b", "day 1"), "b"),
        (("test",), "test"),
        (("test", "a"), "a"),
        (("other",), None),
        ((), None),
        (("a", "b"), "a"),
        (("cafe\u0301",), "caf\u00e9"),
    ],
)
def test_the_class_that_folders_name(folders: tuple[str, ...], expected: str | None) -> None:
    assert AskedFile(Path("x"), folders).class_among(("a", "b", "test", "caf\u00e9")) == expected


def test_models_of_other_classes_and_preparation_answer_side_by_side(
    shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "images"
    for source, target in (("normal", "calm"), ("sick", "wild")):
        shutil.copytree(heart_folder / source, other / target)
    images = ImageSettings(size=32, color="rgb", dwt=DwtSettings(subbands=("LL",)))
    file = write_shipped(tmp_path / "models", other, tmp_path / "cache", images, ("float32",))["float32"]
    answers = ask([heart_folder], [shipped_toys["int8"], file])
    assert answers.models[1].classes == ("calm", "wild")
    assert [model.name for model in answers.models] == ["int8", "float32"]
    image = answers.images[0]
    assert image.answers[1] is not None
    assert image.answers[1].class_name in ("calm", "wild")
    assert image.true_classes == ("normal", None)
    # Other classes are no disagreement.
    assert answers.disagreements == 0


def test_what_cannot_be_read_is_told(shipped_toys: Toys, heart_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    shutil.copytree(heart_folder / "sick", folder / "sick")
    (folder / "broken.png").write_bytes(b"no image")
    (folder / "empty.jpg").touch()
    (folder / "notes.txt").write_text("by hand")
    answers = ask([folder], [shipped_toys["int8"]])
    assert {Path(one.path).name: one.reason for one in answers.skipped} == {
        "broken.png": "cannot be read as an image",
        "empty.jpg": "is empty",
        "notes.txt": "does not have the name of an image file",
    }
    assert len(answers.images) == sum(1 for _ in (heart_folder / "sick").iterdir())
    with pytest.raises(DataError, match="is not there"):
        ask([tmp_path / "gone"], [shipped_toys["int8"]])


def test_of_a_file_with_several_images_the_first_is_named(shipped_toys: Toys, tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((24, 24), value, np.uint8)) for value in (40, 200)]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    assert [Path(one.path).name for one in ask([tmp_path], [shipped_toys["float32"]]).images] == ["two.tif#1"]


def test_an_answer_near_the_border_is_unsure() -> None:
    def answer(first: float, second: float) -> Answer:
        return Answer("a", first, (first, second), 1.0, first - second)

    assert answer(0.5 + UNSURE_MARGIN / 2 - 0.01, 0.5 - UNSURE_MARGIN / 2 + 0.01).is_unsure
    assert not answer(0.5 + UNSURE_MARGIN / 2 + 0.01, 0.5 - UNSURE_MARGIN / 2 - 0.01).is_unsure


def test_what_was_answered_before_is_not_asked_again(
    shipped_toys: Toys, heart_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "images"
    shutil.copytree(heart_folder / "sick", folder)
    model, memory = LoadedModel.open(shipped_toys["int8"]), Memory()
    files = asked_files([folder], may_be_image([model])).files
    before = list(answered(files, [model], memory=memory))
    asked: list[int] = []
    answer = model.answer
    monkeypatch.setattr(model, "answer", lambda fed: (asked.append(1), answer(fed))[1])
    assert list(answered(files, [model], memory=memory)) == before
    assert not asked
    Image.fromarray(np.zeros((24, 24), np.uint8)).save(files[0].path)
    list(answered(files, [model], memory=memory))
    assert len(asked) == 1


def test_it_ends_when_it_is_cancelled(shipped_toys: Toys, heart_folder: Path) -> None:
    def stop() -> None:
        if len(done) == 3:
            raise Cancelled("enough")

    done: list[object] = []
    model = LoadedModel.open(shipped_toys["int8"])
    files = asked_files([heart_folder], may_be_image([model])).files

    def run() -> None:
        for one in answered(files, [model], Progress(stop)):
            done.append(one)

    with pytest.raises(Cancelled):
        run()
    assert len(done) == 3


def test_the_json_has_what_was_promised_and_the_csv_a_row_per_image(shipped_toys: Toys, heart_folder: Path) -> None:
    answers = ask([heart_folder], [shipped_toys["float32"], shipped_toys["int8"]])
    document = json.loads(json.dumps(answers_document(answers)))
    assert set(document["images"][0]) == {"path", "answers"}
    assert set(document["images"][0]["answers"][0]) == {"file", "class", "probability", "probabilities", "latency_ms"}
    assert [len(image["answers"]) for image in document["images"]] == [2] * len(answers.images)
    assert document["models"][0]["accuracy"] == answers.summary(0).accuracy
    rows = list(csv.DictReader(io.StringIO(answers_csv(answers))))
    assert [row["path"] for row in rows] == [image.path for image in answers.images]
    first = answers.images[0].answers[1]
    assert first is not None
    assert rows[0]["int8: class"] == first.class_name
    assert float(rows[0]["int8: probability of sick"]) == first.probabilities[1]
    assert rows[0]["true_class"] == "normal"


def test_names_tell_files_apart() -> None:
    paths = [Path("/runs/a/models/int8.tflite"), Path("/runs/b/models/int8.tflite"), Path("/x/PRQ.tflite")]
    assert models_named(paths) == ("int8 (a)", "int8 (b)", "PRQ")
    with pytest.raises(DataError, match="named twice"):
        models_named([paths[0], paths[0]])


# Files from elsewhere.
def write(path: Path, content: bytes | dict[str, Any]) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_a_file_that_says_nothing_is_fed_as_the_user_says(
    shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    bare = write(tmp_path / "bare.tflite", gap_network((24, 24, 1), classes=2))
    with pytest.raises(UnsaidFeeding):
        LoadedModel.open(bare)
    file = TfliteFile.read(bare)
    images = {"size": 24, "color": "grayscale", "scale": "unit"}
    said = write(tmp_path / "said.json", {"classes": ["a", "b"], "images": images})
    model = LoadedModel.open(bare, feeding=read_feeding(said, file))
    as_shipped = LoadedModel.open(bare, feeding=read_feeding(shipped_toys["int8"].with_suffix(".json"), file))
    image = next(heart_folder.rglob("*.png"))
    fed = model.shipped.fed(model.shipped.decoded(image))
    np.testing.assert_array_equal(fed, as_shipped.shipped.fed(as_shipped.shipped.decoded(image)))
    raw = write(tmp_path / "raw.json", {"classes": ["a", "b"], "images": images, "largest_value": 1})
    as_stored = LoadedModel.open(bare, feeding=read_feeding(raw, file))
    np.testing.assert_allclose(as_stored.shipped.fed(as_stored.shipped.decoded(image)), fed * 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"classes": ["a", "b"], "images": {"size": 32, "color": "grayscale"}}, "24×24×1, but would be fed 32×32×1"),
        ({"classes": ["a", "b"], "images": {"size": 24, "color": "rgb"}}, "but would be fed 24×24×3"),
        (
            {"classes": ["a", "b", "c"], "images": {"size": 24, "color": "grayscale"}},
            "tells 2 classes apart, but 3 are named",
        ),
        ({"classes": ["a"], "images": {"size": 24}}, r"classes: at least 2"),
        ({"classes": ["a", "b"], "images": {"sise": 24}}, r"images.sise: there is no such key"),
        (b"no JSON", "does not say how to feed a model"),
    ],
    ids=["size", "colour", "classes", "one class", "a key", "no JSON"],
)
def test_what_does_not_fit_the_file_is_a_sentence(tmp_path: Path, said: dict[str, Any] | bytes, sentence: str) -> None:
    bare = write(tmp_path / "bare.tflite", gap_network((24, 24, 1), classes=2))
    file = write(tmp_path / "said.json", said)
    with pytest.raises(DataError, match=sentence):
        LoadedModel.open(bare, feeding=read_feeding(file, TfliteFile.read(bare)))


def with_last_layer(change: Callable[[Any], Any]) -> bytes:
    from tests.tflite_toys import gap_model

    model = gap_model((24, 24, 1), 2)
    change(model.layers[-1])
    return converted(model)


def test_values_that_are_no_probabilities_are_refused(shipped_toys: Toys, tmp_path: Path) -> None:
    def without_softmax(layer: Any) -> None:
        layer.activation = lambda values: values * 1.0
        layer.set_weights([layer.get_weights()[0], np.array([3.0, -2.0])])

    write(tmp_path / "logits.tflite", with_last_layer(without_softmax))
    shutil.copy(shipped_toys["float32"].with_suffix(".json"), tmp_path / "logits.json")
    with pytest.raises(DataError, match="no probabilities: from -2 to 3"):
        LoadedModel.open(tmp_path / "logits.tflite")


@pytest.mark.parametrize(
    ("mean", "deviation", "scaled"),
    [
        ((0.0,), (255.0,), lambda p: p / 255),
        ((127.5,), (127.5,), lambda p: (p - 127.5) / 127.5),
        ((0.0,), (1.0,), None),
    ],
    ids=["0 to 1", "-1 to 1", "as stored"],
)
def test_standard_metadata_say_how_a_file_from_elsewhere_is_fed(
    tmp_path: Path, mean: tuple[float], deviation: tuple[float], scaled: Callable[[np.ndarray], np.ndarray] | None
) -> None:
    image = ImageInput("image", "an image", "grayscale", (24, 24), (mean, deviation))
    metadata = metadata_flatbuffer("x", "y", image, LabelledOutput("output", "classes", "labels.txt"), "more.txt")
    content = with_metadata(gap_network((24, 24, 1), 2), metadata, {"labels.txt": b"benign\nmalignant\n"})
    assert standard_metadata(content) == StandardMetadata(("benign", "malignant"), mean, deviation)
    model = LoadedModel.open(write(tmp_path / "elsewhere.tflite", content))
    assert model.classes == ("benign", "malignant")
    pixels = np.random.default_rng(1).integers(0, 256, (24, 24), dtype=np.uint8)
    expected = pixels if scaled is None else scaled(pixels)
    np.testing.assert_allclose(model.shipped.fed(pixels)[:, :, 0], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cut", [0, 40, 600, 4000])
def test_damaged_metadata_say_nothing(shipped_toys: Toys, cut: int) -> None:
    content = bytearray(shipped_toys["int8"].read_bytes())
    at = content.find(b"M001")
    content[at + 8 : at + 60] = bytes((cut + place) % 256 for place in range(52))
    assert isinstance(standard_metadata(bytes(content)), StandardMetadata)
    assert standard_metadata(bytes(content[:cut])) == StandardMetadata()


def test_a_file_that_is_no_model_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no \.tflite file"):
        LoadedModel.open(write(tmp_path / "x.tflite", b"nothing at all"))


def test_models_that_decide_differently_are_counted(shipped_toys: Toys, heart_folder: Path, tmp_path: Path) -> None:
    turned = json.loads(shipped_toys["float32"].with_suffix(".json").read_text())
    turned["classes"].reverse()
    content = shipped_toys["float32"].read_bytes()
    # Without the archive at its end the JSON beside it says how it is fed.
    bare = write(tmp_path / "turned.tflite", content[: content.rfind(b"PK\x03\x04", 0, content.rfind(b"PK\x03\x04"))])
    write(tmp_path / "turned.json", turned)
    answers = ask([heart_folder], [shipped_toys["float32"], bare])
    assert answers.disagreements == len(answers.images)
    assert all(isinstance(image, AnsweredImage) and image.models_disagree for image in answers.images)


def test_the_threshold_that_a_file_carries_decides_beside_one_half(
    shipped_toys: Toys, heart_folder: Path, tmp_path: Path
) -> None:
    plain = LoadedModel.open(shipped_toys["float32"])
    images = [plain.shipped.fed(plain.shipped.decoded(path)) for path in sorted(heart_folder.rglob("*.png"))]
    second = np.array([plain.answer(image).probabilities[1] for image in images])
    value = float(np.sort(second)[len(second) // 4])
    threshold = DecisionThreshold(
        positive=plain.classes[1],
        value=value,
        validation_sensitivity=1.0,
        validation_specificity=0.5,
        validation_images=8,
    )
    feeding = plain.shipped.feeding.model_copy(update={"threshold": threshold})
    model = LoadedModel(ShippedModel(plain.shipped.path, plain.shipped.content, feeding), "with a threshold")
    found = [model.answer(image) for image in images]
    assert [one.at_threshold for one in found] == [model.classes[int(probability >= value)] for probability in second]
    assert {one.is_near_threshold for one in found} >= {True}
    assert all(one.is_unsure for one in found if one.is_near_threshold)
    assert AskedModel.of(model).threshold == value
    assert plain.answer(images[0]).at_threshold == ""
    asked = Answers([AskedModel.of(model)])
    asked.add(AnsweredImage("a.png", (found[0],), ("",), (None,), False))
    document = answers_document(asked)
    assert document["images"][0]["answers"][0]["class_at_threshold"] == found[0].at_threshold
    assert document["models"][0]["threshold"] == value
