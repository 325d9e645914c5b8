"""Packs files of a run, test images and a program that measures into one archive for another device."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.contract.errors import DataError
from engine.contract.progress import UNWATCHED, Progress
from engine.device.bundle_manifest import (
    MANIFEST_FILE,
    BundleManifest,
    BundleRecord,
    ImageSet,
    PackedFile,
    PackedModel,
)
from engine.device.ios_parameters import ios_device, ios_parameters
from engine.device.packed_images import PackedImages, chosen_images
from engine.device.phone_results import DEVICE_FILE
from engine.inspection.run_models import InspectedRun, RunModel
from engine.inspection.shipped_model import ShippedModel
from engine.launch.program import VERSION
from engine.launch.resources import RESOURCES
from engine.measurement.accuracy import predicted
from engine.measurement.classification import classify
from engine.store.durable_file import appearing_file
from engine.store.file_hash import file_hash
from engine.store.run_hashes import is_damaged

BATCH = 64
PROGRAMS = RESOURCES / "device"
PACKED_PROGRAMS = ("measure.py", "run.sh", "README.txt", "android.sh", "PHONES.txt")
EXECUTABLE, PLAIN = 0o755, 0o644


@dataclass(frozen=True)
class AskedBundle:
    """What is to be packed."""

    run: str
    variants: tuple[str, ...] = ()
    """Names; empty: all."""
    images: int = 100
    wheels: Path | None = None
    """A folder of Python packages for devices without a network."""
    with_names: bool = False
    """Whether the names of the images' files are packed."""


@dataclass(frozen=True)
class WrittenBundle:
    file: Path
    manifest: BundleManifest
    bytes: int


@dataclass
class _Contents:
    """The archive's files as they come, each with its hash."""

    folder: Path
    files: dict[str, PackedFile] = field(default_factory=dict)
    where: dict[str, Path] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        self.files[name] = PackedFile(sha256=file_hash(path), bytes=path.stat().st_size)
        self.where[name] = path

    def new(self, name: str) -> Path:
        """Where a file that is made now is written, to be added then."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def write_bundle(asked: AskedBundle, out: Path, runs: Path, progress: Progress = UNWATCHED) -> WrittenBundle:
    """Write the archive, and keep in the run's folder what it is compared with later.

    Raises:
        NutshellError: a file or an image of the run cannot be used, or the archive cannot be written.
        Cancelled: out of the progress; there is no archive then.
    """
    run = InspectedRun.open(asked.run, runs)
    if asked.images < 1:
        raise DataError("A bundle needs one test image at least; name a larger number with --images.")
    if out.is_dir():
        raise DataError(f"{out} is a folder; name a file in it, such as {out / 'bundle.zip'}.")
    models = _chosen(run, asked.variants)
    try:
        with tempfile.TemporaryDirectory(prefix="nutshell-") as folder:
            contents = _Contents(Path(folder))
            record = _Packing(run, asked, contents, progress).pack(models)
            _write_archive(out, record.manifest, contents, progress)
            record.keep(run.directory)
    except OSError as error:
        place = error.filename or out
        raise DataError(f"The bundle cannot be written: {place}: {error.strerror or error}.") from None
    return WrittenBundle(out, record.manifest, out.stat().st_size)


def _chosen(run: InspectedRun, names: Sequence[str]) -> tuple[RunModel, ...]:
    """The variants with these names and what their latencies are held against, in the run's order."""
    asked = [run.model(name) for name in names] or list(run.models)
    known = {model.name for model in run.models}
    wanted = {model.name for model in asked} | {model.baseline for model in asked if model.baseline in known}
    return tuple(model for model in run.models if model.name in wanted)


class _Packing:
    """The work on one archive."""

    def __init__(self, run: InspectedRun, asked: AskedBundle, contents: _Contents, progress: Progress) -> None:
        self._run, self._asked, self._contents, self._progress = run, asked, contents, progress
        self._sets: dict[str, int] = {}
        """What images and feeding are the same for → place of the set."""
        self._image_sets: list[ImageSet] = []
        self._paths: list[tuple[str, ...]] = []
        self._predicted: dict[str, tuple[int, ...]] = {}

    def pack(self, models: tuple[RunModel, ...]) -> BundleRecord:
        packed = tuple(self._model(place, len(models), model) for place, model in enumerate(models))
        for name in PACKED_PROGRAMS:
            self._contents.add(name, PROGRAMS / name)
        for wheel in _wheels(self._asked.wheels):
            self._contents.add(f"wheels/{wheel.name}", wheel)
        told = {name: one.sha256 for name, one in self._contents.files.items()}
        same = json.dumps([self._run.directory.name, told, self._paths], sort_keys=True)
        manifest = BundleManifest(
            bundle=hashlib.sha256(same.encode()).hexdigest()[:16],
            run=self._run.directory.name,
            nutshell=VERSION,
            files=self._contents.files,
            image_sets=tuple(self._image_sets),
            models=packed,
        )
        return BundleRecord(manifest=manifest, paths=tuple(self._paths), predicted=self._predicted)

    def _model(self, place: int, count: int, entry: RunModel) -> PackedModel:
        if is_damaged(self._run.directory, entry.file):
            raise DataError(f"{entry.file} is not the file that the run wrote; run the recipe again.")
        model = entry.opened()
        progress = self._progress.part(place, count)
        number = self._set(entry, model, progress)
        file = f"models/{place:02d}-{_plain(entry.name)}.tflite"
        self._contents.add(file, entry.file)
        for name, text in ios_parameters(Path(file).name, model.file.input).items():
            path = self._contents.new(f"ios/{name}")
            path.write_text(text, encoding="utf-8")
            self._contents.add(f"ios/{name}", path)
        self._progress.phase(f"answering with {entry.name}")
        images = np.load(self._contents.where[self._image_sets[number].file], mmap_mode="r")
        output = classify(entry.file, (images[at : at + BATCH] for at in range(0, len(images), BATCH)), self._progress)
        expected = self._contents.new(f"expected/{place:02d}.npy")
        np.save(expected, output)
        self._contents.add(f"expected/{place:02d}.npy", expected)
        self._predicted[entry.name] = tuple(int(one) for one in predicted(output))
        return PackedModel(
            name=entry.name, file=file, set=number, expected=f"expected/{place:02d}.npy", baseline=entry.baseline
        )

    def _set(self, entry: RunModel, model: ShippedModel, progress: Progress) -> int:
        """The place of the images that the file is fed; written where no earlier file is fed the same."""
        feeding = model.feeding
        fed = feeding.model_dump_json(include={"images", "largest_value", "mean", "deviation", "reading", "classes"})
        key = json.dumps([entry.split, entry.dataset, entry.seed, fed])
        if key in self._sets:
            return self._sets[key]
        tested = self._run.seen_by(entry).test_images
        if not tested:
            raise DataError(f"The run in {self._run.directory} has no list of its test images; run the recipe again.")
        images = chosen_images(tested, self._asked.images)
        packed = PackedImages(self._run.directory, entry, model, images)
        number = len(self._image_sets)
        name = f"images/{number:02d}.npy"
        self._progress.phase("preparing test images")
        packed.write(self._contents.new(name), progress)
        self._contents.add(name, self._contents.folder / name)
        names = tuple(Path(image.path).name for image in images) if self._asked.with_names else ()
        self._image_sets.append(ImageSet(file=name, labels=packed.labels(), evaluation_images=len(tested), names=names))
        self._paths.append(tuple(image.path for image in images))
        self._sets[key] = number
        return number


def _plain(name: str) -> str:
    """A name that every shell and file system takes."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[:40] or "model"


def _wheels(folder: Path | None) -> Iterator[Path]:
    if folder is None:
        return
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}; name with --wheels one that has .whl files.")
    found = sorted(folder.glob("*.whl"))
    if not found:
        raise DataError(
            f"There are no .whl files in {folder}; fetch some with: pip download ai-edge-litert -d {folder}"
        )
    yield from found


def _write_archive(out: Path, manifest: BundleManifest, contents: _Contents, progress: Progress) -> None:
    progress.phase("packing")
    with appearing_file(out) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        text = manifest.model_dump_json(indent=1)
        archive.writestr(_entry(MANIFEST_FILE), text)
        # Written on by whoever measures, so it is not among the files with hashes.
        archive.writestr(_entry(f"ios/{DEVICE_FILE}"), ios_device(manifest.bundle))
        for name, path in contents.where.items():
            progress.raise_if_cancelled()
            entry = _entry(name, is_program=name.endswith(".sh"))
            with archive.open(entry, "w", force_zip64=True) as target, path.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)


def _entry(name: str, is_program: bool = False) -> zipfile.ZipInfo:
    """Of one time, so that the same bundle is the same archive."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (0o100000 | (EXECUTABLE if is_program else PLAIN)) << 16
    return entry
