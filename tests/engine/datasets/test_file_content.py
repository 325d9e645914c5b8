"""What decodes a file by its path decodes it from its bytes, to the same values and with the same words."""

from __future__ import annotations

import importlib.util
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import nibabel
import numpy as np
import pytest
import tifffile
from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from engine.contract.dataset_settings import DatasetSettings
from engine.datasets.files import dicom_image, image_file, nifti_volume
from engine.datasets.source import DatasetSource
from engine.datasets.sources.image_folder import ImageFolder
from tests.engine.datasets.dicom_files import write_dicom

DRAWN = np.random.default_rng(3)
GRAY = DRAWN.integers(0, 256, (20, 30), dtype=np.uint8)
COLOUR = DRAWN.integers(0, 256, (20, 30, 3), dtype=np.uint8)
DEEP = DRAWN.integers(0, 65536, (20, 30, 3), dtype=np.uint16)
VOLUME = DRAWN.integers(0, 900, (6, 8, 10)).astype(np.int16)
UPRIGHT = np.diag([-1.0, -1.0, 1.0, 1.0])


def _turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(COLOUR).save(path, exif=exif)


def _film(path: Path) -> None:
    first, *others = (Image.fromarray(GRAY // divisor) for divisor in (1, 2, 3))
    first.save(path, save_all=True, append_images=others)


IMAGES: dict[str, Callable[[Path], object]] = {
    "turned.jpg": _turned,
    "gray.png": lambda path: Image.fromarray(GRAY).save(path),
    "deep.png": lambda path: path.write_bytes(imagecodecs.png_encode(DEEP)),
    "cut.png": lambda path: path.write_bytes(imagecodecs.png_encode(DEEP)[:900]),
    "moving.png": _film,
    "moving.gif": _film,
    "moving.webp": _film,
    "still.webp": lambda path: Image.fromarray(COLOUR).save(path),
    "pages.tif": _film,
    "stack.tif": lambda path: tifffile.imwrite(path, np.stack([GRAY, GRAY // 2]), imagej=True),
    "fractions.tif": lambda path: tifffile.imwrite(path, GRAY.astype(np.float32) / 7),
    "map.ppm": lambda path: path.write_bytes(b"Pf\n2 1\n-1.0\n" + np.array([0.5, 2.5], "<f4").tobytes()),
    "empty.png": lambda path: path.write_bytes(b""),
    "words.png": lambda path: path.write_text("no image"),
}


def outcome(read: Callable[..., Any], *arguments: Any) -> Any:
    """What a reader gives back, or the words of its refusal."""
    try:
        found = read(*arguments)
    except OSError as error:
        return str(error)
    return (found.dtype, found.tolist()) if isinstance(found, np.ndarray) else found


@pytest.mark.parametrize("name", IMAGES)
def test_an_image(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    IMAGES[name](path)
    content = path.read_bytes()
    held = image_file.held_images(path)
    assert image_file.held_images(content) == held
    assert held.count == (3 if name.startswith(("moving", "pages")) else 2 if name.startswith("stack") else 1)
    assert image_file.has_own_scale(content) == image_file.has_own_scale(path)
    for frame in range(held.count):
        assert outcome(image_file.read_image, content, frame) == outcome(image_file.read_image, path, frame)


DICOM: dict[str, Callable[[Path], object]] = {
    "plain": lambda path: write_dicom(path, GRAY),
    "frames": lambda path: write_dicom(path, np.stack([GRAY, GRAY // 2]), frames=True),
    "run lengths": lambda path: write_dicom(path, GRAY, compress=RLELossless),
    "run lengths of frames": lambda path: write_dicom(
        path, np.stack([GRAY, GRAY // 2]), frames=True, compress=RLELossless
    ),
    "deflated": lambda path: write_dicom(path, GRAY, syntax=DeflatedExplicitVRLittleEndian),
    "implicit": lambda path: write_dicom(path, DEEP[..., 0], bits=12, syntax=ImplicitVRLittleEndian),
    "no preamble": lambda path: path.write_bytes(write_dicom(path, GRAY).read_bytes()[132:]),
    "cut": lambda path: path.write_bytes(write_dicom(path, GRAY).read_bytes()[:-300]),
    "empty": lambda path: path.write_bytes(b""),
    "words": lambda path: path.write_text("no image"),
}


@pytest.mark.parametrize("name", DICOM)
def test_a_dicom_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.dcm"
    DICOM[name](path)
    content = path.read_bytes()
    assert outcome(dicom_image.read_header, content, "salt") == outcome(dicom_image.read_header, path, "salt")
    for frame in range(2 if "frames" in name else 1):
        assert outcome(dicom_image.read_dicom, content, frame) == outcome(dicom_image.read_dicom, path, frame)


VOLUMES: dict[str, Callable[[Path], object]] = {
    "a.nii": lambda path: nibabel.save(nibabel.Nifti1Image(VOLUME, UPRIGHT), path),
    "a.nii.gz": lambda path: nibabel.save(nibabel.Nifti1Image(VOLUME, UPRIGHT), path),
    "second.nii": lambda path: nibabel.save(nibabel.Nifti2Image(VOLUME, UPRIGHT), path),
    "second.nii.gz": lambda path: nibabel.save(nibabel.Nifti2Image(VOLUME, UPRIGHT), path),
    "bytes.nii.gz": lambda path: nibabel.save(nibabel.Nifti1Image(VOLUME.astype(np.uint8), UPRIGHT), path),
    "cut.nii": lambda path: (nibabel.save(nibabel.Nifti1Image(VOLUME, UPRIGHT), path), _cut(path)),
    "cut.nii.gz": lambda path: (nibabel.save(nibabel.Nifti1Image(VOLUME, UPRIGHT), path), _cut(path)),
    "empty.nii": lambda path: path.write_bytes(b""),
    "words.nii": lambda path: path.write_text("no volume"),
}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize("name", VOLUMES)
def test_a_volume(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    VOLUMES[name](path)
    content = path.read_bytes()
    for axis in ("stored", "axial", "coronal", "sagittal"):
        assert outcome(nifti_volume.read_header, content, axis) == outcome(nifti_volume.read_header, path, axis)
        for place in (0, 3):
            by_path = outcome(nifti_volume.read_slice, path, axis, place)
            assert outcome(nifti_volume.read_slice, content, axis, place) == by_path


@pytest.fixture
def tar_images(checkout: Path) -> type[DatasetSource]:
    """The source of the example, which is one file."""
    file = checkout / "resources" / "examples" / "extension" / "sources" / "tar_images.py"
    spec = importlib.util.spec_from_file_location("tar_images", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TarImages


def test_a_source_reads_a_tar_where_it_lies(tmp_path: Path, tar_images: type[DatasetSource]) -> None:
    """The same pixels as those of the same files in a folder."""
    folder, archive, cache = tmp_path / "images", tmp_path / "images.tar", tmp_path / "cache"
    whole = [name for name in IMAGES if not name.startswith(("cut", "empty", "words", "fractions", "map"))]
    for number, label in enumerate(("normal", "sick")):
        (folder / label).mkdir(parents=True)
        for name in whole:
            IMAGES[name](folder / label / name)
        Image.fromarray(np.roll(GRAY, number)).save(folder / label / "own.bmp")
    with tarfile.open(archive, "w") as tar:
        tar.add(folder, arcname=".")
    of_folder = ImageFolder(DatasetSettings(kind="image_folder", path=str(folder), frames="all"), 7, cache)
    of_tar = tar_images(DatasetSettings(kind="tar_images", path=str(archive)), 7, cache)
    expected = {
        "/".join(Path(sample.path).parts[-2:]): of_folder.decode(sample) for sample in of_folder.index().samples
    }
    index = of_tar.index()
    assert index.classes == ("normal", "sick")
    found = {
        "/".join(Path(sample.path).parts[-2:]).removesuffix("#1"): of_tar.decode(sample) for sample in index.samples
    }
    assert len(found) == len(expected) == 2 * 19, "a class: 5 files with one image, 4 with three, 1 with two"
    for name, pixels in expected.items():
        in_tar = found[name.removesuffix("#1")]
        assert pixels.dtype == in_tar.dtype
        assert np.array_equal(pixels, in_tar), name
    assert not cache.exists(), "nothing is unpacked"
