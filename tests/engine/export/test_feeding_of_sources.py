"""Who knows an image and the JSON beside a shipped file, and nothing of ours, feeds what the network was fed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.export.feeding_description import Feeding
from engine.feeding.pipeline import fit_pipeline, network_input_shape
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.tflite_graph import EndTensor
from tests.engine.datasets.cifar_archives import cifar10_content, write_cifar10_python
from tests.engine.datasets.dicom_files import write_dicom

SIDE = 24


# The reader: JSON and file in, array out. It imports nothing of ours.
def read_file(say: dict[str, Any], name: str) -> np.ndarray:
    file, _, number = name.partition("#")
    frame = int(number or 1) - 1
    path = Path(file)
    match say["reading"]["source"]:
        case "image_folder":
            with Image.open(path) as picture:
                if picture.format == "TIFF":
                    with tifffile.TiffFile(path) as pages:
                        return pages.pages[frame].asarray()
                picture.seek(frame)
                if picture.mode.startswith("I"):
                    return np.asarray(picture).astype(np.uint16)
                return np.asarray(picture.convert("L" if picture.mode in {"1", "L"} else "RGB"))
        case "dicom_folder":
            return dicom(say, pydicom.dcmread(path), frame)
        case "nifti_folder":
            image = nibabel.load(path)
            viewed = nibabel.orientations.ornt_transform(
                nibabel.orientations.io_orientation(image.affine), nibabel.orientations.axcodes2ornt("LPS")
            )
            return image.as_reoriented(viewed).get_fdata(dtype=np.float32)[:, :, frame].T
        case "npz":
            archive, array = path.parent, path.name
            return np.load(archive)[array][frame + 1]  # Rows count from 0.
        case "cifar10":
            rows = cifar_rows(path)
            return rows[frame + 1]
    raise AssertionError(say["reading"]["source"])


def cifar_rows(batch: Path) -> np.ndarray:
    import pickle

    with batch.open("rb") as stream:
        content = pickle.load(stream, encoding="bytes")
    return content[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def is_inverted(name: str) -> bool:
    return pydicom.dcmread(name.partition("#")[0]).PhotometricInterpretation == "MONOCHROME1"


def dicom(say: dict[str, Any], file: pydicom.Dataset, frame: int) -> np.ndarray:
    pixels = file.pixel_array
    values = pydicom.pixels.apply_modality_lut(pixels[frame] if pixels.ndim == 3 else pixels, file).astype(np.float64)
    if say["reading"].get("value_range_of") == "all":
        return values
    slope, intercept = float(file.get("RescaleSlope", 1)), float(file.get("RescaleIntercept", 0))
    least, greatest = intercept, slope * (2**file.BitsStored - 1) + intercept
    if "WindowWidth" in file:
        values = pydicom.pixels.apply_windowing(values, file)
    largest = 255 if file.BitsStored <= 8 else 65535
    if file.PhotometricInterpretation == "MONOCHROME1":
        values = least + greatest - values
    return np.rint((values - least) / (greatest - least) * largest).astype(np.uint8 if largest == 255 else np.uint16)


def feed(say: dict[str, Any], name: str) -> np.ndarray:
    values, reading, images = read_file(say, name), say["reading"], say["images"]
    if "value_range" in reading and (reading["value_range_of"] == "all" or values.dtype not in (np.uint8, np.uint16)):
        low, high = reading["value_range"]
        if reading["source"] == "dicom_folder" and is_inverted(name):
            values = low + high - values
        values = np.rint(np.clip((values.astype(np.float64) - low) / (high - low), 0, 1) * 65535).astype(np.uint16)
    values = values if values.ndim == 3 else values[:, :, None]
    if images["color"] == "rgb":
        values = np.repeat(values, 3, axis=2) if values.shape[2] == 1 else values
    elif values.shape[2] == 3:
        luma = values.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
        values = np.rint(luma).astype(values.dtype)[:, :, None]
    method = Image.Resampling[images["resample"].upper()]
    if values.shape[:2] != (images["size"], images["size"]):
        planes = []
        for plane in np.moveaxis(values, 2, 0):
            deep = values.dtype == np.uint16
            picture = Image.fromarray(plane.astype(np.float32) if deep else np.ascontiguousarray(plane))
            planes.append(np.asarray(picture.resize((images["size"], images["size"]), method)))
        values = np.clip(np.rint(np.stack(planes, axis=2)), 0, np.iinfo(values.dtype).max).astype(values.dtype)
    if values.dtype == np.uint8 and len(reading["depths"]) > 1:
        values = values.astype(np.uint16) * 257
    return values.astype(np.float64) / say["largest_value"]


# The sources: each writes images that need all that the JSON says.
def noise(*key: int, shape: tuple[int, ...] = (30, 40)) -> np.ndarray:
    return np.random.default_rng(key).random(shape)


def mixed_depths(root: Path) -> Path:
    for label, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for number in range(4):
            image = (noise(label, number) * 255).astype(np.uint8)
            Image.fromarray(image).save(root / name / f"{number}.png")
            Image.fromarray((noise(label, number, 3) * 65535).astype(np.uint16)).save(root / name / f"deep{number}.png")
            colours = (noise(label, number, shape=(30, 40, 3)) * 255).astype(np.uint8)
            Image.fromarray(colours).save(root / name / f"colours{number}.png")
    return root


def fractions(root: Path) -> Path:
    for label, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for number in range(6):
            stack = (noise(label, number, shape=(3, 30, 40)) * 40 - 12).astype(np.float32)
            tifffile.imwrite(root / name / f"{number}.tif", stack, photometric="minisblack")
    return root


def scans(root: Path) -> Path:
    for label, name in enumerate(("a", "b")):
        for number in range(6):
            values = (noise(label, number) * 4095).astype(np.uint16)
            more: dict[str, Any] = {"RescaleSlope": 1, "RescaleIntercept": -1024}
            if number % 2:
                more |= {"WindowCenter": 500, "WindowWidth": 3000}
            kind = "MONOCHROME1" if number % 3 else "MONOCHROME2"
            write_dicom(root / name / f"{number}.dcm", values, bits=12, PhotometricInterpretation=kind, **more)
            eight_bits = (noise(label, number, 5) * 255).astype(np.uint8)
            write_dicom(root / name / f"eight{number}.dcm", eight_bits, bits=8)
    return root


def volumes(root: Path) -> Path:
    for label, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for number in range(6):
            image = nibabel.Nifti1Image((noise(label, number, shape=(30, 40, 3)) * 900).astype(np.int16), np.eye(4))
            image.header.set_slope_inter(0.25, -7)
            nibabel.save(image, root / name / f"{number}.nii.gz")
    return root


def arrays(root: Path) -> Path:
    root.mkdir(parents=True)
    np.savez(root / "a.npz", train_images=noise(1, shape=(30, 30, 40)) * 2 - 1, train_labels=np.arange(30) % 2)
    return root / "a.npz"


def cifar(root: Path) -> Path:
    root.mkdir(parents=True)
    return write_cifar10_python(root, cifar10_content())


SOURCES: dict[str, tuple[str, Callable[[Path], Path], dict[str, Any], dict[str, Any]]] = {
    "mixed depths": ("image_folder", mixed_depths, {}, {}),
    "mixed depths in colour": ("image_folder", mixed_depths, {}, {"color": "rgb"}),
    "mixed depths by a range": ("image_folder", mixed_depths, {}, {"value_range": (40, 300)}),
    "fractions in stacks": ("image_folder", fractions, {"frames": "all"}, {}),
    "dicom": ("dicom_folder", scans, {}, {}),
    "dicom by a range": ("dicom_folder", scans, {}, {"value_range": (-160, 240)}),
    "nifti": ("nifti_folder", volumes, {"axis": "axial"}, {}),
    "arrays": ("npz", arrays, {}, {}),
    "cifar10": ("cifar10", cifar, {}, {"color": "rgb"}),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_reader_that_knows_only_the_json_feeds_the_same(name: str, tmp_path: Path) -> None:
    kind, write, more, shaping = SOURCES[name]
    path = write(tmp_path / "images")
    dataset = DatasetSettings(kind=kind, path=str(path), **more)
    images = ImageSettings(**{"size": SIDE, "color": "grayscale", **shaping})
    prepared = prepare(scan(dataset, 7, cache=tmp_path / "cache"), dataset, images, 7, tmp_path / "cache")
    pipeline = fit_pipeline(images, prepared)
    file = TfliteFile(
        (), (), EndTensor("in", (1, *network_input_shape(images)), "float32"), EndTensor("out", (1, 2), "float32")
    )
    say = json.loads(Feeding.of(pipeline, prepared.classes, file).model_dump_json(exclude_none=True))
    fed = pipeline.feed(prepared.images[:])
    assert not prepared.summary.skipped
    for row, shown in enumerate(prepared.paths):
        named = shown if Path(shown.partition("#")[0]).is_absolute() else str(path.parent / shown)
        np.testing.assert_allclose(feed(say, named), fed[row], atol=2e-7, err_msg=shown)
    assert say["reading"]["source"] == kind
