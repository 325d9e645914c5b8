"""A published archive and arrays from the command line to measured files."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.test_command_line import run
from tests.engine.datasets.cifar_archives import CIFAR10_NAMES, cifar10_content, write_cifar10_python

RECIPE = """schema = 1
[dataset]
kind = "{kind}"
path = {path!r}
[images]
size = 32
[backbone]
width = 0.05
[training]
epochs = 1
"""


def _cifar(folder: Path) -> Path:
    files = write_cifar10_python(folder, cifar10_content(24))
    return Path(shutil.make_archive(str(folder / "cifar-10-python"), "gztar", folder, files.name))


def _npz(folder: Path) -> Path:
    images = np.random.default_rng(2).integers(0, 256, (144, 28, 28, 3), dtype=np.uint8)
    labels = np.arange(144, dtype=np.uint8)[:, None] % 3
    parts = {"train": slice(0, 120), "test": slice(120, 144)}
    arrays = {f"{name}_images": images[rows] for name, rows in parts.items()}
    np.savez_compressed(
        folder / "mnist.npz", **arrays, **{f"{name}_labels": labels[rows] for name, rows in parts.items()}
    )
    (folder / "mnist.json").write_text(json.dumps(CIFAR10_NAMES))
    return folder / "mnist.npz"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "make", "first"),
    [("cifar10", _cifar, "cifar-10-batches-py/data_batch_1#0"), ("npz", _npz, "mnist.npz/train_images#0")],
)
def test_a_recipe_is_run_on_them(
    checkout: Path, tmp_path: Path, kind: str, make: Callable[[Path], Path], first: str
) -> None:
    recipe, result_file = tmp_path / "study.toml", tmp_path / "result.json"
    recipe.write_text(RECIPE.format(kind=kind, path=str(make(tmp_path))))
    checked = run(checkout, "check", recipe, "--runs", tmp_path / "runs")
    assert (checked.returncode, "3 classes (airplane, automobile, bird)" in checked.stdout) == (0, True)
    done = run(checkout, "run", recipe, "--runs", tmp_path / "runs", "--json", result_file)
    assert done.returncode == 0, done.stderr
    result = json.loads(result_file.read_text())
    counts = {name: result["dataset"][name] for name in ("train", "validation", "test")}
    assert counts == {"train": 102, "validation": 18, "test": 24}
    assert result["dataset"]["classes"] == CIFAR10_NAMES
    assert result["dataset"]["skipped"] == []
    with (Path(result["directory"]) / "split.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 144
    assert rows[0]["path"] == first
