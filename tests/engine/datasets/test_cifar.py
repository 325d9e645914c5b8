"""CIFAR archives as they were published give their own images back; what only looks like one runs nothing."""

from __future__ import annotations

import os
import pickle
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.files.cifar_pickle import array_of, read_cifar_pickle
from engine.datasets.source import DATASETS, Split
from tests.engine.datasets.cifar_archives import (
    CIFAR10_NAMES,
    CIFAR100_COARSE,
    CIFAR100_FINE,
    Content,
    cifar10_content,
    cifar100_content,
    planes,
    python2_pickle,
    random_images,
    write_cifar10_binary,
    write_cifar10_python,
    write_cifar100_binary,
    write_cifar100_python,
)

Writer = Callable[[Path, Content], Path]
WHOLE = ImageSettings(size=32, color="rgb")


def settings(kind: str, path: Path, **more: object) -> DatasetSettings:
    return DatasetSettings(kind=kind, path=str(path), **more)


def images_by_name(chosen: DatasetSettings, cache: Path) -> dict[str, tuple[np.ndarray, str, Split]]:
    """Row name → image, class and split, as training gets them."""
    dataset = prepare(scan(chosen, 7, cache=cache), chosen, WHOLE, 7, cache)
    split_of = {int(row): split for split, rows in dataset.splits.items() for row in rows}
    return {
        path.rpartition("/")[2]: (np.asarray(dataset.images[row]), dataset.classes[dataset.labels[row]], split_of[row])
        for row, path in enumerate(dataset.paths)
    }


def assert_same(found: dict[str, tuple[np.ndarray, str, Split]], content: Content, names: list[str]) -> None:
    expected = {f"{batch}#{row}": (image, names[label]) for batch, (images, labels) in content.items()
                for row, (image, label) in enumerate(zip(images, labels, strict=True))}  # fmt: skip
    assert set(found) == set(expected)
    for name, (image, class_name, split) in found.items():
        assert np.array_equal(image, expected[name][0])
        assert class_name == expected[name][1]
        assert (split is Split.TEST) == name.startswith("test")


@pytest.mark.parametrize("write", [write_cifar10_python, write_cifar10_binary])
@pytest.mark.parametrize("packed", ["", "zip", "gztar", "parent"])
def test_cifar10_comes_back_from_each_version(tmp_path: Path, write: Writer, packed: str) -> None:
    content = cifar10_content()
    path = write(tmp_path / "data", content)
    if packed == "parent":
        path = path.parent
    elif packed:
        path = Path(shutil.make_archive(str(tmp_path / "cifar-10"), packed, path.parent, path.name))
    found = images_by_name(settings("cifar10", path), tmp_path / "cache")
    assert_same(found, content, CIFAR10_NAMES)
    assert DATASETS["cifar10"].recognises(path)


@pytest.mark.parametrize("write", [write_cifar100_python, write_cifar100_binary])
def test_cifar100_has_fine_and_coarse_labels(tmp_path: Path, write: Writer) -> None:
    content = cifar100_content()
    path = write(tmp_path, content)
    fine = images_by_name(settings("cifar100", path), tmp_path / "cache")
    assert_same(fine, content, CIFAR100_FINE)
    coarse = images_by_name(settings("cifar100", path, labels="coarse"), tmp_path / "cache")
    groups = {name: (images, [label // 2 for label in labels]) for name, (images, labels) in content.items()}
    assert_same(coarse, groups, CIFAR100_COARSE)


def test_a_copy_that_python_3_pickled_anew_is_read_too(tmp_path: Path) -> None:
    content = cifar10_content()
    folder = write_cifar10_python(tmp_path, content)
    for name, (images, labels) in content.items():
        for protocol in (2, 4):
            (folder / name).write_bytes(pickle.dumps({b"data": planes(images), b"labels": labels}, protocol))
    assert_same(images_by_name(settings("cifar10", folder), tmp_path / "cache"), content, CIFAR10_NAMES)


def test_classes_and_a_limit(tmp_path: Path) -> None:
    folder = write_cifar10_binary(tmp_path, cifar10_content())
    index = scan(settings("cifar10", folder, classes=("bird", "airplane"), limit_per_class=5), 7)
    assert index.classes == ("bird", "airplane")
    assert sum(sample.split is Split.TEST for sample in index.samples) == 8  # All that there are.
    assert len(index.samples) == 18
    with pytest.raises(DataError, match=r'no class "birds"\. Did you mean "bird"'):
        scan(settings("cifar10", folder, classes=("birds", "airplane")), 7)


def test_missing_files_are_listed_and_missing_names_are_numbers(tmp_path: Path) -> None:
    folder = write_cifar10_python(tmp_path, cifar10_content())
    (folder / "data_batch_4").unlink()
    (folder / "batches.meta").unlink()
    index = scan(settings("cifar10", folder), 7)
    assert [(Path(one.path).name, one.reason) for one in index.skipped] == [("data_batch_4", "is missing")]
    assert index.classes == ("0", "1", "2")


class _Canary:
    """Pickles to a call that makes a file."""

    def __init__(self, function: Callable[..., object], *arguments: str) -> None:
        self._call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
        return self._call


@pytest.mark.parametrize("function", ["os.system", "builtins.eval", "builtins.exec", "builtins.getattr", "numpy.load"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, function: str, protocol: int) -> None:
    canary = tmp_path / "canary"
    name = function.rpartition(".")[2]
    called = {
        "os.system": _Canary(os.system, f"touch {canary}"),
        "builtins.eval": _Canary(eval, f"open({str(canary)!r}, 'w')"),
        "builtins.exec": _Canary(exec, f"open({str(canary)!r}, 'w')"),
        "builtins.getattr": _Canary(getattr, "text", "upper"),
        "numpy.load": _Canary(np.load, str(canary)),
    }[function]
    folder = write_cifar10_python(tmp_path, cifar10_content())
    (folder / "data_batch_2").write_bytes(pickle.dumps({b"data": called, b"labels": [0]}, protocol))
    with pytest.raises(DataError, match=rf"data_batch_2 wants to use \w+\.{name}.*it was not run") as caught:
        scan(settings("cifar10", folder), 7)
    assert not canary.exists()
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        b"\x80\x02}q\x01(U\x04data",
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": np.zeros((2, 3072)), b"labels": [0, 1]}, 2),
        pickle.dumps({b"data": np.array([{}, {}]), b"labels": [0, 1]}, 2),
        pickle.dumps({b"data": np.zeros((2, 7), np.uint8), b"labels": [0, 1]}, 2),
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0]}),
        python2_pickle({b"labels": [0]}),
        # An array that says it is larger than what comes with it.
        python2_pickle({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 1]}).replace(b"J\x02", b"J\x7f", 1),
        # A state set on a name that stands for a function.
        b"\x80\x02cnumpy\nndarray\n}U\x01aK\x01sb.",
    ],
)
def test_a_damaged_batch_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    folder = write_cifar10_python(tmp_path, cifar10_content())
    (folder / "data_batch_1").write_bytes(content)
    with pytest.raises(DataError, match=r"data_batch_1 is no CIFAR"):
        scan(settings("cifar10", folder), 7)


def test_a_few_bytes_cannot_ask_for_much_memory(tmp_path: Path) -> None:
    """An object that says it is the 200-millionth to be remembered: Python's own reader in C takes 3 GB for it."""
    (tmp_path / "file").write_bytes(b"\x80\x02Nr" + (200_000_000).to_bytes(4, "little") + b"0}.")
    before = psutil.Process().memory_info().rss
    tracemalloc.start()
    try:
        assert read_cifar_pickle(tmp_path / "file") == {}
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert psutil.Process().memory_info().rss - before < 2**26


def test_no_changed_byte_gets_further_than_a_sentence(tmp_path: Path) -> None:
    images, labels = random_images(2, 1), [0, 1]
    whole = python2_pickle({b"data": planes(images), b"labels": labels, b"filenames": [b"a", b"b"]})
    start, end = whole.index(planes(images).tobytes()[:50]), len(whole)
    places = [place for place in range(end) if not start <= place < start + 6000]
    generator = np.random.default_rng(3)
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[generator.choice(places)] = generator.integers(256)
        (tmp_path / "file").write_bytes(damaged)
        assert len(_outcome(tmp_path / "file").splitlines()) == 1


def _outcome(path: Path) -> str:
    """What was read, or why nothing was."""
    try:
        return repr(read_cifar_pickle(path))
    except DataError as error:
        return str(error)


def test_the_unpickler_reads_what_numpy_wrote(tmp_path: Path) -> None:
    values = np.arange(6, dtype=">i4").reshape(2, 3)
    (tmp_path / "file").write_bytes(pickle.dumps({"a": values, "b": np.asfortranarray(values)}, 2))
    content = read_cifar_pickle(tmp_path / "file")
    assert np.array_equal(array_of(content["a"]), values)
    assert np.array_equal(array_of(content["b"]), values)


def test_a_record_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    folder = write_cifar10_binary(tmp_path, cifar10_content())
    whole = (folder / "data_batch_3.bin").read_bytes()
    (folder / "data_batch_3.bin").write_bytes(whole[:-1])
    with pytest.raises(DataError, match=r"data_batch_3.bin is cut off .* one image takes 3,073"):
        scan(settings("cifar10", folder), 7)


def test_a_label_without_a_name_is_refused(tmp_path: Path) -> None:
    folder = write_cifar10_binary(tmp_path, cifar10_content())
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\n")
    with pytest.raises(DataError, match="has the label 2 in row 2, but there are 2 classes only"):
        scan(settings("cifar10", folder), 7)


def test_another_dataset_is_refused(tmp_path: Path) -> None:
    folder = write_cifar100_python(tmp_path, cifar100_content())
    with pytest.raises(DataError, match=r"There are no CIFAR-10 files in .* holds data_batch_1 or data_batch_1.bin"):
        scan(settings("cifar10", folder), 7)
    assert not DATASETS["cifar10"].recognises(folder)
