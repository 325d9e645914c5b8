"""Images are read from their file as an array's rows are; the file's pages are never the process's own memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.datasets.cache.stored_images import StoredImages


@pytest.fixture(params=[np.uint8, np.uint16])
def array(request: pytest.FixtureRequest, tmp_path: Path) -> np.ndarray:
    values = np.random.default_rng(3).integers(0, np.iinfo(request.param).max, (50, 6, 5, 3)).astype(request.param)
    np.save(tmp_path / "images.npy", values)
    return values


def test_rows_are_those_of_the_array(array: np.ndarray, tmp_path: Path) -> None:
    images = StoredImages(tmp_path / "images.npy")
    assert (images.shape, images.dtype, len(images)) == (array.shape, array.dtype, 50)
    for rows in (7, -1, slice(3, 9), slice(None), np.array([40, 2, 2, 49]), np.array([], dtype=np.int64)):
        assert np.array_equal(images[rows], array[rows])
    assert np.array_equal(np.asarray(images), array)
    with pytest.raises(IndexError):
        images[np.array([50])]


def test_threads_may_read_at_once(array: np.ndarray, tmp_path: Path) -> None:
    images = StoredImages(tmp_path / "images.npy")
    orders = [np.random.default_rng(seed).permutation(50) for seed in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for order, read in zip(orders, pool.map(images.__getitem__, orders), strict=True):
            assert np.array_equal(read, array[order])


@pytest.mark.parametrize("kept", [0, 5, 60, 500])
def test_a_file_that_is_cut_off_is_refused(array: np.ndarray, tmp_path: Path, kept: int) -> None:
    content = (tmp_path / "images.npy").read_bytes()
    (tmp_path / "images.npy").write_bytes(content[:kept])
    with pytest.raises((OSError, ValueError, EOFError)):
        StoredImages(tmp_path / "images.npy")


def test_what_is_no_array_of_images_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((4, 8, 8, 3), np.float32))
    with pytest.raises(ValueError, match="holds no images"):
        StoredImages(tmp_path / "images.npy")
