"""A shipped file says how it is fed: a reader that knows nothing else gets the probabilities that were measured."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pywt
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.contract.measurements import DecisionThreshold
from engine.datasets.cache.preparation import prepare, scan
from engine.export.feeding_description import Feeding, described, most_described_bytes
from engine.export.tflite_conversion import converter_tflite, float32_tflite
from engine.feeding.pipeline import ImagePipeline, fit_pipeline, network_input_shape
from engine.measurement.classification import classify
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import EndTensor
from tests.small_study import draw_class_folders
from tests.tflite_toys import gap_network

CLASSES = ("normal", "sick")
PROBABILITIES = {outputs: EndTensor("probabilities", (1, outputs), "float32") for outputs in (1, 2)}
SETTINGS = {
    "unit": ImageSettings(size=(24, 32), resample="bilinear"),
    "jpeg": ImageSettings(size=24, color="grayscale", jpeg_quality=60),
    "symmetric": ImageSettings(size=24, scale="symmetric", dwt=DwtSettings(threshold=0.01, threshold_mode="hard")),
    "imagenet_bgr": ImageSettings(size=24, scale="imagenet_bgr"),
    "imagenet_rgb": ImageSettings(size=24, scale="imagenet_rgb"),
    "bytes": ImageSettings(size=24, scale="bytes"),
    "per_image_max": ImageSettings(size=24, color="grayscale", scale="per_image_max"),
    "standardize": ImageSettings(size=24, scale="standardize", resample="bicubic"),
    "subbands": ImageSettings(
        size=40,
        scale="standardize",
        dwt=DwtSettings(wavelet="db2", level=2, subbands=("LL", "HH"), threshold=0.01, threshold_mode="hard"),
    ),
}


def feed_by_the_file_alone(model: Path, image: Path) -> np.ndarray:
    """Probabilities of an image file; all that is known is in the `.tflite`."""
    with zipfile.ZipFile(model) as archive:
        say: dict[str, Any] = json.loads(archive.read("feeding.json"))
    images = say["images"]
    size = images["size"] if isinstance(images["size"], list) else [images["size"]] * 2
    picture = Image.open(image).convert("RGB" if images["color"] == "rgb" else "L")
    picture = picture.resize((size[1], size[0]), Image.Resampling[images["resample"].upper()])
    if images["jpeg_quality"]:
        saved = model.with_suffix(".jpg")
        picture.save(saved, quality=images["jpeg_quality"], optimize=True)
        picture = Image.open(saved)
    pixels = np.asarray(picture, dtype=np.float64).reshape(*size, -1)
    values = pixels / (pixels.max() if images["scale"] == "per_image_max" else say["largest_value"])
    if images["scale"] == "symmetric":
        values = 2 * values - 1
    if images["scale"] == "imagenet_bgr":
        values = 255 * values[..., ::-1] - np.array([103.939, 116.779, 123.68])
    if images["scale"] == "imagenet_rgb":
        values = (values - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    if images["scale"] == "bytes":
        values = 255 * values
    if "dwt" in images:
        dwt = images["dwt"]
        for _ in range(dwt["level"]):
            low, (lh, hl, hh) = pywt.dwt2(values, dwt["wavelet"], mode="periodization", axes=(0, 1))
            values = low / 2
        bands = {"LL": low / 2, "LH": lh / 2, "HL": hl / 2, "HH": hh / 2}
        for name in ("LH", "HL", "HH"):
            bands[name][np.abs(bands[name]) < dwt["threshold"]] = 0
        assert dwt["threshold_mode"] == "hard"
        values = np.concatenate([bands[name] for name in dwt["subbands"]], axis=2)
    if say["mean"]:
        values = (values - np.array(say["mean"])) / np.array(say["deviation"])
    end = say["input"]
    if "scale" in end:
        limits = np.iinfo(end["dtype"])
        values = np.clip(np.rint(values / end["scale"]) + end["zero_point"], limits.min, limits.max)
    interpreter = Interpreter(model_path=str(model))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values.astype(end["dtype"])[None])
    interpreter.invoke()
    answer = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0].astype(np.float64)
    return (answer - say["output"]["zero_point"]) * say["output"].get("scale", 1.0)


@pytest.fixture(scope="module")
def hearts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_class_folders(tmp_path_factory.mktemp("feeding") / "images", count=8)


def network(images: ImageSettings, outputs: int) -> Any:
    """Untrained, but one that notices every change of its input."""
    import tf_keras

    from engine.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow(seed=7)
    layers = tf_keras.layers
    # Of values up to 150 in magnitude, the usual weights would make probabilities of 0 and 1 only.
    weights = tf_keras.initializers.RandomNormal(stddev=0.001 if images.scale in ("imagenet_bgr", "bytes") else 0.2)
    return tf_keras.Sequential(
        [
            layers.Input(network_input_shape(images)),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer=weights),
            layers.Flatten(),
            layers.Dense(outputs, activation="softmax" if outputs > 1 else "sigmoid"),
        ]
    )


def shipped(folder: Path, content: bytes, pipeline: ImagePipeline) -> Path:
    content, document = described(content, pipeline, CLASSES)
    (folder / "model.tflite").write_bytes(content)
    (folder / "model.json").write_text(document, encoding="utf-8")
    return folder / "model.tflite"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_reader_that_has_the_file_alone_gets_what_was_measured(name: str, hearts: Path, tmp_path: Path) -> None:
    images, dataset = SETTINGS[name], DatasetSettings(kind="image_folder", path=str(hearts))
    prepared = prepare(scan(dataset, 7), dataset, images, 7, tmp_path / "cache")
    pipeline = fit_pipeline(images, prepared)
    model = network(images, outputs=1 if name == "unit" else 2)
    fed = pipeline.feed(np.asarray(prepared.images))
    integer = name == "standardize"
    content = converter_tflite(model, "int8", fed, float_io=False) if integer else float32_tflite(model)
    file = shipped(tmp_path, content, pipeline)
    measured = classify(file, [fed])
    mine = np.stack([feed_by_the_file_alone(file, Path(path)) for path in prepared.paths])
    # One step of an integer output, where a value lies between two integers; else the last digits.
    np.testing.assert_allclose(mine, measured, atol=1 / 250 if integer else 2e-5)
    assert len(np.unique(measured.round(3))) > 4
    feeding = Feeding.model_validate_json(file.with_suffix(".json").read_bytes())
    assert np.array_equal(feeding.pipeline().feed(np.asarray(prepared.images)), fed)


def feeding(images: ImageSettings, outputs: int = 2, **statistics: tuple[float, ...]) -> Feeding:
    file = TfliteFile((), (), EndTensor("image", (1, *network_input_shape(images)), "float32"), PROBABILITIES[outputs])
    return Feeding.of(ImagePipeline(images, **statistics), CLASSES, file)


@pytest.mark.parametrize("value", [0.5, 0.123456789012345678, 1e-05])
def test_the_description_takes_no_more_than_is_reckoned_with(value: float) -> None:
    """Whatever threshold is chosen, and a few bytes less at most."""
    content, pipeline = gap_network((24, 24, 3), 2), ImagePipeline(ImageSettings(size=24))
    threshold = DecisionThreshold(
        positive="sick",
        value=value,
        validation_sensitivity=value,
        validation_specificity=1.0,
        validation_images=30,
    )
    found = len(described(content, pipeline, CLASSES, threshold)[0])
    most = most_described_bytes(content, pipeline, CLASSES, 0.0, 30)
    assert found <= most <= found + 100


def test_a_fixed_mean_and_deviation_are_those_of_pixels() -> None:
    assert feeding(SETTINGS["unit"]).normalization == ((0.0,), (255.0,))
    assert feeding(ImageSettings(scale="symmetric")).normalization == ((127.5,), (127.5,))
    assert feeding(ImageSettings(scale="bytes")).normalization == ((0.0,), (1.0,))
    mean, deviation = feeding(ImageSettings(scale="imagenet_rgb")).normalization or ((), ())
    assert mean == pytest.approx((123.675, 116.28, 103.53))  # torchvision, transforms of its weights, times 255
    assert deviation == pytest.approx((58.395, 57.12, 57.375))
    standardised = feeding(SETTINGS["standardize"], mean=(0.5, 0.25, 0.75), deviation=(0.1, 0.2, 0.3))
    assert standardised.normalization == ((127.5, 63.75, 191.25), pytest.approx((25.5, 51.0, 76.5)))


@pytest.mark.parametrize(
    ("name", "words"),
    [("per_image_max", "its own largest value"), ("subbands", "db2 wavelet"), ("imagenet_bgr", "blue, green, red")],
)
def test_what_they_cannot_say_is_said_in_words(name: str, words: str) -> None:
    said = feeding(SETTINGS[name])
    assert said.normalization is None
    assert any(words in step for step in said.how)


def test_one_value_is_labelled_as_the_second_class() -> None:
    assert feeding(SETTINGS["unit"], outputs=1).labels == ("sick",)
    assert feeding(SETTINGS["unit"], outputs=2).labels == CLASSES
