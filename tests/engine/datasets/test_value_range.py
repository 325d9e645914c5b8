"""All images of a study are on one scale, whatever number type they are stored in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from pydantic import ValidationError

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.findings import Finding, Severity
from engine.contract.image_settings import ImageSettings
from engine.datasets.cache.preparation import prepare, scan
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from tests.engine.datasets.dicom_files import write_dicom

SIDE = 16


def noise(*key: int) -> np.ndarray:
    """0 to 1, both included."""
    values = np.random.default_rng(key).random((SIDE, SIDE))
    values[0, :2] = 0, 1
    return values


def tiffs(root: Path, dtype: Any, ends: dict[str, tuple[float, float]], count: int = 6) -> Path:
    """TIFF files whose values lie between the ends of their split and class, named "train/a"."""
    for place, (name, (low, high)) in enumerate(ends.items()):
        (root / name).mkdir(parents=True)
        for number in range(count):
            values = (low + noise(place, number) * (high - low)).astype(dtype)
            tifffile.imwrite(root / name / f"{number}.tif", values)
    return root


def both(low: float, high: float) -> dict[str, tuple[float, float]]:
    return {f"{split}/{name}": (low, high) for split in ("train", "val", "test") for name in ("a", "b")}


def prepared(folder: Path, cache: Path, kind: str = "image_folder", **images: Any) -> PreparedDataset:
    chosen = DatasetSettings(kind=kind, path=str(folder))
    return prepare(scan(chosen, 7), chosen, ImageSettings(size=SIDE, color="grayscale", **images), 7, cache)


def of_range(dataset: PreparedDataset) -> list[Finding]:
    return [finding for finding in dataset.summary.findings if finding.where == "images.value_range"]


def values_of(dataset: PreparedDataset, row: int) -> np.ndarray:
    return np.asarray(tifffile.imread(dataset.paths[row]), dtype=np.float64)


@pytest.mark.parametrize(
    ("dtype", "ends", "low", "high"),
    [
        (np.float32, (0.0, 0.8), 0, 1),
        (np.float64, (0.2, 1.0), 0, 1),
        (np.float32, (-0.5, 0.5), -0.5, 0.5),
        (np.float32, (0, 300), 0, 300),
        (np.float16, (-1, 1), -1, 1),
        (np.int8, (-128, 127), -128, 127),
        (np.int16, (-1024, 3071), -1024, 3071),
        (np.int32, (0, 4000), 0, 65535),
        (np.uint32, (0, 200), 0, 255),
        (np.uint32, (5, 4_000_000_000), 5, 4_000_000_000),
    ],
)
def test_a_value_means_the_same_in_all_images(
    tmp_path: Path, dtype: Any, ends: tuple[float, float], low: float, high: float
) -> None:
    dataset = prepared(tiffs(tmp_path / "images", dtype, both(*ends), count=3), tmp_path / "cache")
    assert dataset.reading.value_range == pytest.approx((low, high), rel=1e-3)
    low, high = dataset.reading.value_range or (0, 0)
    for row in range(len(dataset.images)):
        expected = np.rint((values_of(dataset, row) - low) / (high - low) * 65535)
        assert np.array_equal(dataset.images[row][:, :, 0], expected)
    assert of_range(dataset)[0].severity is Severity.NOTE


def test_a_class_that_is_brighter_stays_brighter(tmp_path: Path) -> None:
    ends = {"a": (0.1, 0.3), "b": (0.7, 0.9)}
    dataset = prepared(tiffs(tmp_path / "images", np.float32, ends), tmp_path / "cache")
    means = [dataset.images[np.flatnonzero(dataset.labels == label)].mean() / 65535 for label in (0, 1)]
    assert means == pytest.approx([0.2, 0.8], abs=0.03)


def test_the_range_is_that_of_the_training_images_and_what_goes_beyond_is_told(tmp_path: Path) -> None:
    ends = both(-10, 10) | {"test/b": (-20, 5), "val/a": (0, 11)}
    folder = tiffs(tmp_path / "images", np.float32, ends)
    for cached in (False, True):
        dataset = prepared(folder, tmp_path / "cache")
        assert dataset.cached is cached
        assert dataset.reading.value_range == (-10, 10)
        (finding,) = of_range(dataset)
        assert "-10 becomes black and 10 white" in finding.message
        assert "12 other images exceed this range" in finding.message
    rows = [row for row in dataset.splits[Split.TEST] if dataset.labels[row] == 1]
    assert dataset.images[np.asarray(rows)].min() == 0


def test_a_few_far_values_are_told_with_a_better_range(tmp_path: Path) -> None:
    folder = tiffs(tmp_path / "images", np.float32, both(10, 40))
    file = folder / "train" / "a" / "0.tif"
    values = tifffile.imread(file)
    values[3, 3] = -9999
    tifffile.imwrite(file, values)
    (finding,) = of_range(prepared(folder, tmp_path / "cache"))
    assert finding.severity is Severity.WARNING
    assert "98 % of the pixels lie between" in finding.message
    assert finding.repair is not None
    low, high = finding.repair.value  # type: ignore[union-attr]
    assert 9 < low < 12
    assert 38 < high < 41


def test_a_range_of_the_recipe_holds_for_every_image(tmp_path: Path) -> None:
    folder = tiffs(tmp_path / "images", np.uint8, both(0, 255), count=2)
    for number in range(3):
        tifffile.imwrite(folder / "train" / "a" / f"deep{number}.tif", (noise(9, number) * 255).astype(np.float32))
    dataset = prepared(folder, tmp_path / "cache", value_range=(50, 200))
    assert not of_range(dataset)
    for row in range(len(dataset.images)):
        expected = np.rint(np.clip((values_of(dataset, row) - 50) / 150, 0, 1) * 65535)
        assert np.array_equal(dataset.images[row][:, :, 0], expected)


def test_a_range_stands_in_for_a_dicom_window(tmp_path: Path) -> None:
    """Hounsfield units: stored values less 1024, of which the file's own window would show others."""
    stored = {}
    for name in ("a", "b"):
        for number in range(8):
            values = np.random.default_rng((ord(name), number)).integers(0, 4096, (SIDE, SIDE), dtype=np.uint16)
            more = {"RescaleSlope": 1, "RescaleIntercept": -1024, "WindowCenter": 40, "WindowWidth": 80}
            file = write_dicom(tmp_path / "scans" / name / f"{number}.dcm", values, bits=12, **more)
            stored[str(file)] = values
    windowed = prepared(tmp_path / "scans", tmp_path / "cache", "dicom_folder")
    ranged = prepared(tmp_path / "scans", tmp_path / "cache", "dicom_folder", value_range=(-160, 240))
    for row, path in enumerate(ranged.paths):
        expected = np.rint(np.clip((stored[path] - 1024.0 + 160) / 400, 0, 1) * 65535)
        assert np.array_equal(ranged.images[row][:, :, 0], expected)
        assert not np.array_equal(windowed.images[row], ranged.images[row])


def test_an_image_of_no_numbers_is_skipped(tmp_path: Path) -> None:
    folder = tiffs(tmp_path / "images", np.float32, both(0, 1))
    values = noise(1).astype(np.float32)
    values[5, 5] = np.nan
    tifffile.imwrite(folder / "train" / "a" / "nan.tif", values)
    dataset = prepared(folder, tmp_path / "cache")
    assert [one.reason for one in dataset.summary.skipped] == ["holds values that are no numbers"]


def test_a_scale_that_no_training_image_has_is_told(tmp_path: Path) -> None:
    folder = tiffs(tmp_path / "images", np.uint8, both(0, 255))
    tifffile.imwrite(folder / "test" / "a" / "float.tif", noise(1).astype(np.float32))
    dataset = prepared(folder, tmp_path / "cache")
    (skipped,) = dataset.summary.skipped
    assert skipped.reason == "holds values on a scale of their own, and no training image does; set images.value_range"


@pytest.mark.parametrize("value", [[1], [2, 1], [1, 1], "a", [0, float("nan")], [1, 2, 3]])
def test_a_range_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match="two numbers are needed, the lower first"):
        ImageSettings(value_range=value)
