"""Writes CIFAR files byte-true to those that were published: the pickles as Python 2 wrote them, and the records."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np


class Python2Pickler:
    """Protocol 2 with Python 2's strings, which Python 3's own pickler cannot write."""

    def __init__(self) -> None:
        self._parts = [pickle.PROTO, b"\x02"]

    def dumps(self, value: Any) -> bytes:
        self._save(value)
        return b"".join([*self._parts, pickle.STOP])

    def _save(self, value: Any) -> None:
        match value:
            case bytes():
                short = len(value) < 256
                self._parts += [b"U" if short else b"T", struct.pack("<B" if short else "<i", len(value)), value]
            case int():
                self._parts += [b"J", struct.pack("<i", value)]
            case list():
                self._parts += [b"]("]
                for item in value:
                    self._save(item)
                self._parts += [b"e"]
            case dict():
                self._parts += [b"}("]
                for key, item in value.items():
                    self._save(key)
                    self._save(item)
                self._parts += [b"u"]
            case np.ndarray():
                self._save_array(value)

    def _save_array(self, array: np.ndarray) -> None:
        rows, columns = array.shape
        self._parts += [b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"]
        self._parts += [b"J", struct.pack("<i", rows), b"J", struct.pack("<i", columns), b"\x86"]
        self._parts += [
            b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        ]
        self._parts += [b"\x89"]
        self._save(array.tobytes())
        self._parts += [b"tb"]


def python2_pickle(value: Any) -> bytes:
    """What `cPickle.dumps(value, 2)` of Python 2 made of it."""
    return Python2Pickler().dumps(value)


def planes(images: np.ndarray) -> np.ndarray:
    """(n, 32, 32, 3) → (n, 3072): red, green, blue."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2)).reshape(len(images), -1)


def random_images(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)


CIFAR10_NAMES = ["airplane", "automobile", "bird"]
CIFAR100_FINE = ["apple", "aquarium_fish", "baby", "bear"]
CIFAR100_COARSE = ["fruit", "animals"]
BATCHES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
Content = dict[str, tuple[np.ndarray, list[int]]]


def cifar10_content(count: int = 12) -> Content:
    """Batch → images and labels."""
    return {
        name: (random_images(count, seed), [row % len(CIFAR10_NAMES) for row in range(count)])
        for seed, name in enumerate(BATCHES)
    }


def write_cifar10_python(root: Path, content: Content) -> Path:
    """cifar-10-batches-py, as cifar-10-python.tar.gz holds it."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for number, (name, (images, labels)) in enumerate(content.items(), start=1):
        batch = {
            b"batch_label": f"training batch {number} of 5".encode(),
            b"labels": labels,
            b"data": planes(images),
            b"filenames": [f"image_s_{row:06d}.png".encode() for row in range(len(images))],
        }
        (folder / name).write_bytes(python2_pickle(batch))
    names = [name.encode() for name in CIFAR10_NAMES]
    meta = {b"num_cases_per_batch": 10000, b"label_names": names, b"num_vis": 3072}
    (folder / "batches.meta").write_bytes(python2_pickle(meta))
    (folder / "readme.html").write_text("<meta>")
    return folder


def write_cifar10_binary(root: Path, content: Content) -> Path:
    """cifar-10-batches-bin: records of 3,073 bytes."""
    folder = root / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    for name, (images, labels) in content.items():
        records = np.column_stack([np.asarray(labels, np.uint8), planes(images)])
        assert records.shape[1] == 3073
        records.tofile(folder / f"{name}.bin")
    (folder / "batches.meta.txt").write_text("\n".join(CIFAR10_NAMES) + "\n\n")
    return folder


def cifar100_content(count: int = 16) -> Content:
    return {
        name: (random_images(count, 10 + place), [row % len(CIFAR100_FINE) for row in range(count)])
        for place, name in enumerate(("train", "test"))
    }


def write_cifar100_python(root: Path, content: Content) -> Path:
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True)
    for name, (images, fine) in content.items():
        batch = {
            b"filenames": [f"x_s_{row:06d}.png".encode() for row in range(len(images))],
            b"batch_label": f"{name}ing batch 1 of 1".encode(),
            b"fine_labels": fine,
            b"coarse_labels": [label // 2 for label in fine],
            b"data": planes(images),
        }
        (folder / name).write_bytes(python2_pickle(batch))
    meta = {
        b"fine_label_names": [name.encode() for name in CIFAR100_FINE],
        b"coarse_label_names": [name.encode() for name in CIFAR100_COARSE],
    }
    (folder / "meta").write_bytes(python2_pickle(meta))
    return folder


def write_cifar100_binary(root: Path, content: Content) -> Path:
    """cifar-100-binary: records of 3,074 bytes, the coarse label first."""
    folder = root / "cifar-100-binary"
    folder.mkdir(parents=True)
    for name, (images, fine) in content.items():
        labels = np.asarray(fine, np.uint8)
        records = np.column_stack([labels // 2, labels, planes(images)])
        assert records.shape[1] == 3074
        records.tofile(folder / f"{name}.bin")
    (folder / "fine_label_names.txt").write_text("\n".join(CIFAR100_FINE) + "\n")
    (folder / "coarse_label_names.txt").write_text("\n".join(CIFAR100_COARSE) + "\n")
    return folder
