"""Images are streamed into an `.npy` file that NumPy maps, whatever their number and depth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.datasets.cache.image_writer import ImageWriter


def images(count: int, dtype: type[np.uint8] | type[np.uint16]) -> np.ndarray:
    generator = np.random.default_rng(count)
    return generator.integers(0, np.iinfo(dtype).max, (count, 5, 7, 3), dtype=dtype, endpoint=True)


@pytest.mark.parametrize("count", [0, 1, 9, 10, 1000])
def test_numpy_maps_what_was_written(tmp_path: Path, count: int) -> None:
    written = images(count, np.uint8)
    with ImageWriter(tmp_path / "images.npy", (5, 7, 3)) as writer:
        for image in written:
            writer.append(image)
    assert np.array_equal(np.load(tmp_path / "images.npy", mmap_mode="r" if count else None), written)


@pytest.mark.parametrize("first_deep", [0, 1, 65, 199])
def test_the_first_deep_image_widens_those_before_it(tmp_path: Path, first_deep: int) -> None:
    shallow, deep = images(200, np.uint8), images(200, np.uint16)
    with ImageWriter(tmp_path / "images.npy", (5, 7, 3)) as writer:
        for place in range(200):
            writer.append(deep[place] if place >= first_deep and place % 2 == first_deep % 2 else shallow[place])
    stored = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert stored.dtype == np.uint16
    for place in range(200):
        is_deep = place >= first_deep and place % 2 == first_deep % 2
        assert np.array_equal(stored[place], deep[place] if is_deep else shallow[place].astype(np.uint16) * 257)
    assert [file.name for file in tmp_path.iterdir()] == ["images.npy"]
