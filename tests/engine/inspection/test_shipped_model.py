"""A file that ships is opened with what it says of itself, and an image is fed as the run fed it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError, NutshellError
from engine.contract.image_settings import DwtSettings, ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.export.feeding_description import described
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.inspection.shipped_model import ShippedModel
from engine.measurement.accuracy import both_classes
from tests.tflite_toys import gap_network


@pytest.mark.parametrize(
    "images",
    [
        ImageSettings(size=24, color="rgb"),
        ImageSettings(size=24, color="grayscale", jpeg_quality=60, scale="standardize"),
        ImageSettings(size=32, color="rgb", dwt=DwtSettings(subbands=("LL", "HH"))),
    ],
    ids=["plain", "jpeg, standardized", "wavelet"],
)
def test_an_image_is_fed_as_the_run_fed_it(images: ImageSettings, heart_folder: Path, tmp_path: Path) -> None:
    settings = DatasetSettings(kind="image_folder", path=str(heart_folder))
    dataset = prepare(scan(settings, 7), settings, images, 7, tmp_path / "cache")
    pipeline = fit_pipeline(images, dataset)
    content, _ = described(gap_network(network_input_shape(images), classes=2), pipeline, dataset.classes)
    (tmp_path / "model.tflite").write_bytes(content)
    model = ShippedModel.open(tmp_path / "model.tflite")
    assert model.classes == dataset.classes
    for row in (0, len(dataset.paths) - 1):
        fed = model.fed(model.decoded(Path(dataset.paths[row])))
        np.testing.assert_array_equal(fed, pipeline.feed(dataset.images[row : row + 1])[0])


def test_slices_of_volumes_are_cut_as_the_run_cut_them(tmp_path: Path) -> None:
    for label, name in enumerate(("a", "b")):
        (tmp_path / "volumes" / name).mkdir(parents=True)
        for number in range(4):
            values = (np.random.default_rng((label, number)).random((30, 8, 36)) * 900).astype(np.int16)
            nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "volumes" / name / f"{number}.nii.gz")
    settings = DatasetSettings(kind="nifti_folder", path=str(tmp_path / "volumes"), axis="coronal")
    images = ImageSettings(size=24, color="grayscale")
    dataset = prepare(scan(settings, 7), settings, images, 7, tmp_path / "cache")
    pipeline = fit_pipeline(images, dataset)
    content, _ = described(gap_network((24, 24, 1), classes=2), pipeline, dataset.classes)
    (tmp_path / "model.tflite").write_bytes(content)
    model = ShippedModel.open(tmp_path / "model.tflite")
    volume = tmp_path / "volumes" / "b" / "2.nii.gz"
    names = model.images_in(volume)
    assert names == tuple(f"{volume}#{number}" for number in range(1, 9))
    row = dataset.paths.index(names[4])
    fed = model.fed(model.decoded(Path(names[4])))
    np.testing.assert_array_equal(fed, pipeline.feed(dataset.images[row : row + 1])[0])


def test_a_file_that_says_nothing_of_itself_asks_for_its_json(heart_folder: Path, tmp_path: Path) -> None:
    images = ImageSettings(size=24, color="rgb")
    settings = DatasetSettings(kind="image_folder", path=str(heart_folder))
    dataset = prepare(scan(settings, 7), settings, images, 7, tmp_path / "cache")
    plain = gap_network((24, 24, 3), classes=2)
    content, beside = described(plain, fit_pipeline(images, dataset), dataset.classes)
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(plain)
    with pytest.raises(DataError, match="does not say how an image is fed"):
        ShippedModel.open(bare)
    bare.with_suffix(".json").write_text(beside)
    assert ShippedModel.open(bare).classes == dataset.classes
    bare.with_suffix(".json").write_text("{}")
    with pytest.raises(DataError, match="cannot be understood"):
        ShippedModel.open(bare)
    bare.write_bytes(b"no model")
    with pytest.raises(NutshellError, match=r"no \.tflite"):
        ShippedModel.open(bare)
    with pytest.raises(DataError, match="cannot be read"):
        ShippedModel.open(tmp_path / "none.tflite")
    bare.write_bytes(content)
    with zipfile.ZipFile(bare) as archive:
        assert "feeding.json" in archive.namelist()


def test_a_sigmoid_answers_for_both_classes() -> None:
    np.testing.assert_allclose(both_classes(np.array([[0.25], [1.0]], np.float32)), [[0.75, 0.25], [0, 1]])
    softmax = np.array([[0.2, 0.3, 0.5]], np.float32)
    assert both_classes(softmax) is softmax
