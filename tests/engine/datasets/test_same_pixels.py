"""Images are decoded once, however often they are divided."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.repeats import Fold
from engine.datasets.cache import preparation
from engine.datasets.cache.image_cache import IMAGES_FILE
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from tests.small_study import draw_class_folders

IMAGES = ImageSettings(size=16, color="grayscale")
DAMAGED = "normal/004.png"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images = draw_class_folders(tmp_path / "images", 12)
    (images / DAMAGED).write_bytes((images / DAMAGED).read_bytes()[:60])
    return images


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images each call decoded; the decoding itself is real."""
    counts: list[int] = []
    real = preparation.decode_into

    def counting(*arguments: object) -> object:
        counts.append(len(arguments[3]))  # type: ignore[arg-type]
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(preparation, "decode_into", counting)
    return counts


def prepared(folder: Path, cache: Path, seed: int, fold: Fold | None = None, size: int = 16) -> PreparedDataset:
    settings = DatasetSettings(kind="image_folder", path=str(folder))
    images = IMAGES.model_copy(update={"size": size})
    return prepare(scan(settings, seed, fold=fold), settings, images, seed, cache)


def test_another_split_takes_the_pixels_and_tells_the_same(folder: Path, tmp_path: Path, decoded: list[int]) -> None:
    cache = tmp_path / "cache"
    first = prepared(folder, cache, 1)
    others = [
        prepared(folder, cache, 2),
        prepared(folder, cache, 1, Fold(1, 3)),
        prepared(folder, cache, 1, Fold(2, 3)),
    ]
    assert decoded == [24]
    for other in others:
        assert not other.cached
        assert np.array_equal(other.images[:], first.images[:])
        assert other.paths == first.paths
        assert [one.path for one in other.summary.skipped] == [str(folder / DAMAGED)]
        assert (other.image_bytes.bytes_before, other.image_bytes.bytes_after) == (
            first.image_bytes.bytes_before, first.image_bytes.bytes_after,
        )  # fmt: skip
    alone = prepared(folder, tmp_path / "elsewhere", 2)
    assert decoded == [24, 24]
    assert [list(alone.splits[split]) for split in Split] == [list(others[0].splits[split]) for split in Split]
    assert alone.summary == others[0].summary


def test_other_pixels_are_decoded(folder: Path, tmp_path: Path, decoded: list[int]) -> None:
    cache = tmp_path / "cache"
    prepared(folder, cache, 1)
    prepared(folder, cache, 1, size=12)
    (folder / "sick" / "000.png").write_bytes((folder / "sick" / "001.png").read_bytes())
    prepared(folder, cache, 2)
    assert decoded == [24, 24, 24]


def test_damaged_pixels_are_not_taken(folder: Path, tmp_path: Path, decoded: list[int]) -> None:
    cache = tmp_path / "cache"
    first = prepared(folder, cache, 1)
    good = np.array(first.images[:])
    (file,) = cache.glob(f"*/{IMAGES_FILE}")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(bytes(content))
    assert np.array_equal(prepared(folder, cache, 2).images[:], good)
    assert decoded == [24, 24]
