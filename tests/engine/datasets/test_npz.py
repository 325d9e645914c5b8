"""Arrays named as MedMNIST names them come back as they are; what cannot be learnt from is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.source import Split
from tests.engine.datasets.test_cifar import _Canary

COUNTS = {"train": 12, "val": 6, "test": 9}


def arrays(shape: tuple[int, ...] = (28, 28), dtype: type = np.uint8, column: bool = True) -> dict[str, Any]:
    """Three classes in three splits."""
    generator = np.random.default_rng(5)
    found: dict[str, Any] = {}
    for split, count in COUNTS.items():
        found[f"{split}_images"] = generator.integers(0, np.iinfo(dtype).max, (count, *shape), dtype=dtype)
        labels = np.arange(count, dtype=np.uint8) % 3
        found[f"{split}_labels"] = labels[:, None] if column else labels
    return found


def settings(path: Path, **more: object) -> DatasetSettings:
    return DatasetSettings(kind="npz", path=str(path), **more)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("shape", "dtype", "column"),
    [((28, 28), np.uint8, True), ((28, 28, 3), np.uint8, False), ((28, 28, 1), np.uint16, True)],
    ids=["gray", "rgb", "sixteen bits"],
)
def test_the_same_images_come_back(
    tmp_path: Path, save: Any, shape: tuple[int, ...], dtype: type, column: bool
) -> None:
    content = arrays(shape, dtype, column)
    save(tmp_path / "mnist.npz", **content)
    images = ImageSettings(size=28, color="rgb" if shape[-1] == 3 else "grayscale")
    chosen = settings(tmp_path / "mnist.npz")
    dataset = prepare(scan(chosen, 7, cache=tmp_path / "cache"), chosen, images, 7, tmp_path / "cache")
    assert dataset.classes == ("0", "1", "2")
    assert dataset.images.dtype == dtype
    for split, prefix in ((Split.TRAIN, "train"), (Split.VALIDATION, "val"), (Split.TEST, "test")):
        assert len(dataset.splits[split]) == COUNTS[prefix]
        for row in dataset.splits[split]:
            name, _, place = dataset.paths[row].partition("#")
            assert name == f"mnist.npz/{prefix}_images"
            assert dataset.labels[row] == int(place) % 3
            expected = content[f"{prefix}_images"][int(place)]
            assert np.array_equal(dataset.images[row].squeeze(), expected.squeeze())


def test_splits_that_are_not_there_are_drawn(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **{name: array for name, array in arrays().items() if name.startswith("train")})
    index = scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache")
    assert index.drawn == {Split.VALIDATION, Split.TEST}
    assert len(index.samples) == COUNTS["train"]


@pytest.mark.parametrize("key", ["class_names", "labels"])
def test_names_may_be_an_array(tmp_path: Path, key: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays(), **{key: np.array(["polyp", "ulcer", "心臓"])})
    assert scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache").classes == ("polyp", "ulcer", "心臓")


@pytest.mark.parametrize(
    "names",
    [["a", "b", "c"], {"0": "a", "2": "c", "1": "b"}, {"task": "multi-class", "label": {"0": "a", "1": "b", "2": "c"}}],
)
def test_names_may_lie_beside_the_archive(tmp_path: Path, names: Any) -> None:
    np.savez(tmp_path / "a.npz", **arrays())
    (tmp_path / "a.json").write_text(json.dumps(names))
    index = scan(settings(tmp_path / "a.npz", classes=("c", "a")), 7, cache=tmp_path / "cache")
    assert index.classes == ("c", "a")


@pytest.mark.parametrize("text", ["[1, 2", '"abc"', "7", '["a", "a", "b"]', '{"one": "a"}', '["a", "b"]'])
def test_names_that_do_not_fit_are_refused(tmp_path: Path, text: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays())
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=r"a\.json (does not name the classes|has \d names for 3 classes)"):
        scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache")


TRAIN = arrays()["train_images"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"train_labels": np.ones((12, 14), np.uint8)}, "has 14 labels per image; a network learns only one class"),
        ({"train_labels": np.full(12, 0.5, np.float32)}, "is float32 of shape"),
        ({"train_labels": np.ones(11, np.uint8)}, "whole number or a name for each of 12 images"),
        ({"train_labels": np.full(12, -1, np.int8)}, "hold -1 in row 0, but there are only 27 images"),
        ({"train_labels": np.eye(12, 3) * 0.5}, "has 3 values per image that are not one-hot"),
        ({"train_labels": np.array(["a", "b", ""] * 4)}, "has no name in row 2"),
        ({"train_labels": np.array(["a", "b", "c"] * 4)}, "has names as labels in train and numbers elsewhere"),
        ({"train_images": np.zeros((12, 3, 8, 3), np.uint8)}, "whose colours may be first or last"),
        ({"train_labels": None}, "an array train_images, but no train_labels"),
        ({"test_images": None}, "an array test_labels, but no test_images"),
        ({"train_images": TRAIN.astype(np.complex64)}, "is of type complex64; images are needed as numbers"),
        ({"train_images": np.zeros((12, 8, 8, 8), np.uint8)}, "volumes cannot be used"),
        ({"train_images": np.zeros((12, 8), np.uint8)}, r"has the shape \(12, 8\)"),
        ({"train_images": np.asfortranarray(TRAIN)}, "is stored column by column"),
        ({"train_images": None, "train_labels": None}, "no array train_images with train_labels; it holds test_images"),
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_from_is_refused(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    content = {name: array for name, array in (arrays() | change).items() if array is not None}
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(DataError, match=sentence):
        scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache")


def _one_hot(labels: np.ndarray) -> np.ndarray:
    return np.eye(3, dtype=np.float32)[labels[:, 0]]


NAMES = np.array(["10", "2", "naïve"])
AS_PEOPLE_HAVE_THEM = {
    "one-hot": ("labels", _one_hot, "labels are one-hot"),
    "names": ("labels", lambda labels: NAMES[labels[:, 0]], "labels are names"),
    "bytes": ("labels", lambda labels: np.char.encode(NAMES, "utf-8")[labels[:, 0]], "labels are names"),
    "whole floats": ("labels", lambda labels: labels.astype(np.float64), ""),
    "fractions": ("images", lambda images: (images / 255).astype(np.float32), ""),
    "wide integers": ("images", lambda images: images.astype(np.int64), ""),
    "other byte order": ("images", lambda images: images.astype(">u2") * 257, ""),
    "channels first": ("images", lambda images: np.moveaxis(images, 3, 1), "the second axis of the images"),
}


@pytest.mark.parametrize("form", AS_PEOPLE_HAVE_THEM)
def test_arrays_as_people_have_them_are_the_same_images(tmp_path: Path, form: str) -> None:
    """Each form gives the pixels and the labels of plain bytes and numbers, and guesses are reported."""
    kind, changed, told = AS_PEOPLE_HAVE_THEM[form]
    plain = arrays((28, 28, 3))
    for split in COUNTS:
        plain[f"{split}_images"][:, 0, 0] = 255
        plain[f"{split}_images"][:, 0, 1] = 0
    other = {name: changed(array) if name.endswith(kind) else array for name, array in plain.items()}
    read = []
    for name, content in (("plain", plain), ("other", other)):
        np.savez(tmp_path / f"{name}.npz", **content)
        chosen, images = settings(tmp_path / f"{name}.npz"), ImageSettings(size=28)
        read.append(prepare(scan(chosen, 7, cache=tmp_path / "cache"), chosen, images, 7, tmp_path / "cache"))
    expected, found = read
    factor = 257 if found.images.dtype == np.uint16 else 1
    # Rows are in the order of their classes, which names may change.
    place = {path.partition("/")[2]: row for row, path in enumerate(expected.paths)}
    rows = np.array([place[path.partition("/")[2]] for path in found.paths])
    assert np.array_equal(found.images[:].astype(int), expected.images[rows].astype(int) * factor)
    classes = found.classes if "names" not in told else ("2", "10", "naïve")
    names = [str(NAMES[label]) if "names" in told else str(label) for label in expected.labels[rows]]
    assert found.classes == classes
    assert [found.classes[label] for label in found.labels] == names
    notes = " ".join(finding.message for finding in found.summary.findings)
    assert told in notes


def test_arrays_may_be_named_as_in_keras_examples(tmp_path: Path) -> None:
    content = {f"{'x' if 'images' in name else 'y'}_{name.split('_')[0]}": array for name, array in arrays().items()}
    np.savez(tmp_path / "a.npz", **content)
    index = scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache")
    assert {split: sum(one.split is split for one in index.samples) for split in Split} == {
        Split.TRAIN: 12,
        Split.VALIDATION: 6,
        Split.TEST: 9,
    }


@pytest.mark.parametrize("name", ["train_images", "train_labels", "class_names"])
def test_pickled_objects_are_never_loaded(tmp_path: Path, name: str) -> None:
    canary = tmp_path / "canary"
    evil = np.empty(12, dtype=object)
    evil[:] = [_Canary(exec, f"open({str(canary)!r}, 'w')")] * 12
    np.savez(tmp_path / "a.npz", **(arrays() | {name: evil}), allow_pickle=True)
    with pytest.raises(DataError, match=f"The array {name} in .*a.npz cannot be read"):
        scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache")
    assert not canary.exists()


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", TRAIN)
    (tmp_path / "a.npy").rename(tmp_path / "a.npz")
    with pytest.raises(DataError, match=r"a\.npz is damaged or cut off"):
        scan(settings(tmp_path / "a.npz"), 7, cache=tmp_path / "cache")
    with pytest.raises(DataError, match=r"is a folder; choose the NumPy archive with the images"):
        scan(settings(tmp_path), 7, cache=tmp_path / "cache")
    with pytest.raises(DataError, match=r"there is no NumPy archive .*nowhere"):
        scan(settings(tmp_path / "nowhere.npz"), 7, cache=tmp_path / "cache")


MEMORY = """
import sys
from pathlib import Path
import psutil
from engine.contract.dataset_settings import DatasetSettings
from engine.datasets.source import DATASETS
path, cache = sys.argv[1:]
source = DATASETS["npz"](DatasetSettings(kind="npz", path=path), 7, Path(cache))
samples = source.index().samples
source.decode(samples[0])
process = psutil.Process()
before = most = process.memory_info().rss
for number, sample in enumerate(samples):
    source.decode(sample)
    if number % 50 == 0:
        most = max(most, process.memory_info().rss)
print(most - before)
"""


def test_memory_does_not_grow_with_the_number_of_images(checkout: Path, tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (1_500, 224, 224), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", train_images=images, train_labels=np.arange(len(images)) % 2)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "a.npz"), str(tmp_path / "cache")],
        cwd=checkout, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < images.nbytes / 8


@pytest.mark.parametrize("label", [4294967295, 24])
def test_a_label_that_can_be_no_class_is_refused_at_once(tmp_path: Path, label: int) -> None:
    labels = np.arange(24, dtype=np.uint32) % 2
    labels[5] = label
    np.savez(tmp_path / "d.npz", train_images=np.zeros((24, 32, 32, 3), np.uint8), train_labels=labels)
    with pytest.raises(DataError, match=f"hold {label} in row 5, but there are only 24 images"):
        scan(DatasetSettings(kind="npz", path=str(tmp_path / "d.npz")), 7, cache=tmp_path / "cache")
