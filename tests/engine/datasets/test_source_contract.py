"""The contract that every dataset source of the registry keeps, now and later."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from engine.contract.dataset_options import declared_options
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import Cancelled, DataError
from engine.contract.progress import UNWATCHED, Progress
from engine.datasets.files.value_range import ValueRange
from engine.datasets.source import DATASETS, DatasetSource, OutlinedFolder, Sample, SampleIndex, Split, special_keys
from tests.engine.datasets.cifar_archives import (
    cifar10_content,
    cifar100_content,
    write_cifar10_python,
    write_cifar100_python,
)
from tests.engine.datasets.dicom_files import write_dicom

SEED = 7
NO_REASON = "an error without a reason"
PER_CLASS = 4
ALL_VALUES = ValueRange(0.0, 1000.0)
"""For values whose type does not say which is white."""


def _noise(*key: int, shape: tuple[int, ...] = (12, 16), high: int = 256, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(key).integers(0, high, shape).astype(dtype)


def _image_folder(root: Path) -> Path:
    for label, name in enumerate(("benign", "malignant")):
        (root / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            Image.fromarray(_noise(label, number, shape=(12, 16, 3))).save(root / name / f"{number}.png")
    return root


def _npz(root: Path) -> Path:
    root.mkdir()
    labels = np.arange(3 * PER_CLASS) % 3
    np.savez(root / "set.npz", train_images=_noise(1, shape=(len(labels), 12, 16)), train_labels=labels)
    return root / "set.npz"


def _dicom_folder(root: Path) -> Path:
    for label, name in enumerate(("normal", "sick")):
        for number in range(PER_CLASS):
            pixels = _noise(label, number, high=4096, dtype=np.uint16)
            write_dicom(root / name / f"{number}.dcm", pixels, bits=12, patient=f"{name}{number}")
    return root


def _nifti_folder(root: Path) -> Path:
    for label, name in enumerate(("healthy", "sick")):
        (root / name).mkdir(parents=True)
        for number in range(2):
            volume = nibabel.Nifti1Image(_noise(label, number, shape=(8, 10, 3), high=900, dtype=np.int16), np.eye(4))
            nibabel.save(volume, root / name / f"patient{2 * label + number:02d}.nii.gz")
    return root


MADE: dict[str, Callable[[Path], Path | None]] = {
    "cifar10": lambda root: write_cifar10_python(root, cifar10_content(6)),
    "cifar100": lambda root: write_cifar100_python(root, cifar100_content(8)),
    "dicom_folder": _dicom_folder,
    "image_folder": _image_folder,
    "nifti_folder": _nifti_folder,
    "npz": _npz,
    "phantom": lambda root: None,
}
"""How each source's files are made below a folder, and what its `path` is; None: it needs none."""
EVERY_SOURCE = pytest.mark.parametrize("key", DATASETS.keys())
WITH_PATH = pytest.mark.parametrize("key", [key for key in DATASETS.keys() if DATASETS[key].path_need])  # noqa: SIM118


class Files:
    """The files of one source, and sources that read them."""

    def __init__(self, key: str, root: Path) -> None:
        self.key = key
        self.root = root
        assert key in MADE, f'make files for the source "{key}" here, so that its contract is tested'
        self.path = MADE[key](root / "files")

    def settings(self, **more: object) -> DatasetSettings:
        path = "" if self.path is None else str(self.path)
        limit = {} if DATASETS[self.key].path_need else {"limit_per_class": PER_CLASS}
        return DatasetSettings(**({"kind": self.key, "path": path} | limit | more))

    def source(self, seed: int = SEED, value_range: ValueRange | None = ALL_VALUES, **more: object) -> DatasetSource:
        return DATASETS[self.key](self.settings(**more), seed, self.root / "cache", value_range)

    def index(self, **more: object) -> SampleIndex:
        return self.source(**more).index()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Files]:
    """The files of a source, made once."""
    found: dict[str, Files] = {}

    def files(key: str) -> Files:
        if key not in found:
            found[key] = Files(key, tmp_path_factory.mktemp(key))
        return found[key]

    return files


@EVERY_SOURCE
def test_it_says_what_it_is(key: str) -> None:
    source = DATASETS[key]
    assert source.key == key
    assert source.title
    assert source.summary.endswith(".")
    if source.path_need:
        assert str(source.path_need) in source.path_need.in_full()


@EVERY_SOURCE
def test_its_own_keys_are_declared_and_explained(key: str) -> None:
    source = DATASETS[key]
    assert ("path" in source.special_keys()) == bool(source.path_need)
    assert set(source.special_keys()) <= special_keys()
    shared = [DatasetSettings.model_fields[name] for name in source.special_keys()]
    own = declared_options(key).model_fields
    assert set(own) <= set(source.more_keys())
    for field in (*shared, *own.values()):
        assert field.title
        assert (field.description or "").endswith("."), field.title


@EVERY_SOURCE
def test_the_index_lists_every_image_with_a_label(key: str, made: Callable[[str], Files]) -> None:
    index = made(key).index()
    assert len(index.classes) == len(set(index.classes)) >= 2
    assert all(name.strip() == name != "" for name in index.classes)
    assert {sample.label for sample in index.samples} == set(range(len(index.classes)))
    assert len({sample.path for sample in index.samples}) == len(index.samples)
    assert all(sample.stamp and sample.file_bytes >= 0 for sample in index.samples)
    assert {sample.split for sample in index.samples} <= {None, *Split}
    assert len(index.fingerprint) == 64
    assert index.skipped == ()
    assert all(finding.message.endswith(".") for finding in index.findings)


@EVERY_SOURCE
def test_the_same_settings_give_the_same_index(key: str, made: Callable[[str], Files]) -> None:
    assert made(key).index() == made(key).index()


@EVERY_SOURCE
def test_other_images_have_another_fingerprint(key: str, made: Callable[[str], Files]) -> None:
    index, fewer = made(key).index(), made(key).index(limit_per_class=1)
    assert fewer.fingerprint != index.fingerprint
    of_a_split = [(sample.label, sample.split) for sample in fewer.samples]
    assert len(of_a_split) == len(set(of_a_split)) < len(index.samples)


@EVERY_SOURCE
def test_classes_are_those_that_are_asked_for_in_that_order(key: str, made: Callable[[str], Files]) -> None:
    index = made(key).index()
    asked = tuple(reversed(index.classes))[:2]
    chosen = made(key).index(classes=asked)
    assert chosen.classes == asked
    old = {sample.path: index.classes[sample.label] for sample in index.samples}
    assert all(old[sample.path] == asked[sample.label] for sample in chosen.samples)


@EVERY_SOURCE
def test_an_unknown_class_is_refused_with_those_that_there_are(key: str, made: Callable[[str], Files]) -> None:
    known = made(key).index().classes
    with pytest.raises(DataError, match=f"zebra.*{known[0]}") as caught:
        made(key).index(classes=(known[0], "zebra"))
    assert str(caught.value).endswith(".")


@EVERY_SOURCE
def test_images_have_the_declared_form(key: str, made: Callable[[str], Files]) -> None:
    source = made(key).source()
    for sample in source.index().samples:
        image, values = source.decode(sample), source.values(sample)
        assert image.dtype in (np.uint8, np.uint16)
        assert image.shape == values.shape
        assert image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
        if values.dtype in (np.uint8, np.uint16):
            assert np.array_equal(image, values)
        else:
            assert source.has_own_scale(sample)


@EVERY_SOURCE
def test_values_on_their_own_scale_are_no_image_without_a_range(key: str, made: Callable[[str], Files]) -> None:
    source = made(key).source(value_range=None)
    sample = source.index().samples[0]
    if source.values(sample).dtype in (np.uint8, np.uint16):
        assert source.decode(sample).dtype == source.values(sample).dtype
    else:
        with pytest.raises(OSError, match="scale of their own"):
            source.decode(sample)


@EVERY_SOURCE
def test_many_threads_and_another_source_decode_the_same(key: str, made: Callable[[str], Files]) -> None:
    samples = made(key).index().samples
    alone = [made(key).source().decode(sample) for sample in samples]
    shared = made(key).source()
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(shared.decode, samples))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


@EVERY_SOURCE
def test_no_two_images_are_mixed_up(key: str, made: Callable[[str], Files]) -> None:
    source = made(key).source()
    samples = source.index().samples
    assert len({source.decode(sample).tobytes() for sample in samples}) == len(samples)


@EVERY_SOURCE
def test_an_image_that_is_not_there_is_told(key: str, made: Callable[[str], Files]) -> None:
    source = made(key).source()
    sample = source.index().samples[0]
    with pytest.raises((OSError, ValueError)) as caught:
        source.decode(replace(sample, path=f"{sample.path}.lost"))
    assert str(caught.value)


@EVERY_SOURCE
def test_progress_is_told_as_it_is(key: str, made: Callable[[str], Files]) -> None:
    told: list[tuple[int, int]] = []
    made(key).source().index(Progress(on_report=lambda done, total: told.append((done, total)), every_s=0.0))
    assert all(done >= 0 and (total == 0 or done <= total) for done, total in told)


def _no_longer_wanted() -> None:
    raise Cancelled("No longer wanted.")


@WITH_PATH
def test_listing_ends_when_it_is_cancelled(key: str, tmp_path: Path) -> None:
    """With a cache of its own, so that an archive is not unpacked yet."""
    with pytest.raises(Cancelled):
        Files(key, tmp_path).source().index(Progress(_no_longer_wanted))


@EVERY_SOURCE
def test_it_recognises_its_own_files_alone(key: str, made: Callable[[str], Files], tmp_path: Path) -> None:
    source = DATASETS[key]
    assert not source.recognises(tmp_path / "nowhere")
    assert source.recognises(tmp_path) == source.takes_any_folder
    if made(key).path is not None:
        claiming = [other for other in DATASETS.keys() if DATASETS[other].recognises(made(key).path)]  # noqa: SIM118
        assert key in claiming
        assert [other for other in claiming if not DATASETS[other].takes_any_folder] in ([key], [])


def _fault(key: str, path: str, cache: Path) -> str:
    with pytest.raises(DataError) as caught:
        DATASETS[key](DatasetSettings(kind=key, path=path), SEED, cache).index()
    return str(caught.value)


@WITH_PATH
@pytest.mark.parametrize("kind", ["no path", "nothing there", "an empty folder", "another file"])
def test_a_path_that_does_not_do_is_told_in_a_sentence(key: str, tmp_path: Path, kind: str) -> None:
    empty, other = tmp_path / "empty", tmp_path / "notes.txt"
    empty.mkdir()
    other.write_text("no images")
    path = {"no path": "", "nothing there": tmp_path / "gone", "an empty folder": empty, "another file": other}[kind]
    fault = _fault(key, str(path), tmp_path / "cache")
    assert fault.endswith(".")
    assert len(fault.split()) > 3
    assert not path or Path(path).name in fault


@WITH_PATH
def test_a_damaged_file_is_skipped_or_told(key: str, tmp_path: Path) -> None:
    """The first file loses its second half: the error is a sentence, and what can be read is read."""
    files = Files(key, tmp_path)
    first = min(file for file in [files.path, *files.path.rglob("*")] if file.is_file() and file.suffix != ".html")
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])
    source = files.source()
    fault, index = _listed(source)
    if index is None:
        assert fault.endswith(".")
        assert len(fault.split()) > 3
        return
    reasons = [_refusal(source, sample) for sample in index.samples]
    assert any(reasons) or index.skipped
    assert NO_REASON not in reasons
    assert not all(reasons)


def _listed(source: DatasetSource) -> tuple[str, SampleIndex | None]:
    try:
        return "", source.index()
    except DataError as error:
        return str(error), None


def _refusal(source: DatasetSource, sample: Sample) -> str:
    """Why an image cannot be read; empty where it can."""
    try:
        source.decode(sample)
    except (OSError, ValueError) as error:
        return str(error) or NO_REASON
    return ""


def _outlined(source: DatasetSource, progress: Progress = UNWATCHED) -> list[OutlinedFolder]:
    return list(source.outline(progress))


@EVERY_SOURCE
def test_the_outline_has_the_folders_that_classes_may_be_drawn_over(key: str, made: Callable[[str], Files]) -> None:
    folders = _outlined(made(key).source())
    assert folders == _outlined(made(key).source())
    assert bool(folders) == ("class_folders" in DATASETS[key].special_keys())
    seen = {(folder.tree, ()) for folder in folders}
    for folder in folders:
        assert folder.tree in DATASETS[key].special_keys()
        assert folder.images >= 0
        assert not folder.parts or (folder.tree, folder.parts[:-1]) in seen
        seen.add((folder.tree, folder.parts))
    if folders:
        files = {Path(sample.path.partition("#")[0]) for sample in made(key).index().samples}
        assert sum(folder.images for folder in folders) == len(files)
        with pytest.raises(Cancelled):
            _outlined(made(key).source(), Progress(_no_longer_wanted))


@EVERY_SOURCE
def test_classes_drawn_over_the_outline_are_the_index(key: str, made: Callable[[str], Files]) -> None:
    if "class_folders" not in DATASETS[key].special_keys():
        return
    names = [folder.parts[0] for folder in _outlined(made(key).source()) if len(folder.parts) == 1]
    drawn = made(key).index(class_folders={f"class {name}": (name,) for name in names})
    assert set(drawn.classes) == {f"class {name}" for name in names}
    assert {sample.path for sample in drawn.samples} == {sample.path for sample in made(key).index().samples}


@EVERY_SOURCE
def test_what_is_done_to_an_image_is_told_in_sentences(key: str, made: Callable[[str], Files]) -> None:
    for sentence in made(key).source().reading():
        assert sentence.endswith(".")
        assert sentence[0].isupper()
