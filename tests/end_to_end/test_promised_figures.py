"""The long proofs: what the demo and a recipe over CIFAR images must reach. Run with --slow."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from engine.contract.recipe_file import parse_recipe
from tests.end_to_end.test_command_line import run, write_recipe

DEMO_S = 240

CIFAR = """
schema = 1
name = "cifar10-mini"
[dataset]
kind = "image_folder"
path = {path!r}
[images]
size = 32
[backbone]
kind = "resnet18"
width = 0.25
[training]
epochs = 10
[[chains]]
name = "dynamic range"
steps = [{{ step = "post_training_quantization", scheme = "dynamic_range" }}]
[[chains]]
name = "PRQ"
steps = [
  {{ step = "magnitude_pruning", schedule = "polynomial", sparsity = 0.8, epochs = 4 }},
  {{ step = "post_training_quantization", scheme = "dynamic_range" }},
]
"""


def _variants(checkout: Path, recipe: Path, folder: Path) -> dict[str, dict[str, Any]]:
    done = run(checkout, "run", recipe, "--runs", folder / "runs", "--json", folder / "result.json", timeout_s=1800)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    return {variant["chain"]: variant for variant in json.loads((folder / "result.json").read_text())["variants"]}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo(checkout: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    variants = _variants(checkout, checkout / "resources" / "recipes" / "demo.toml", tmp_path)
    assert time.monotonic() - started < DEMO_S
    baseline, int8 = variants["baseline"], variants["int8"]
    assert baseline["accuracy"] >= 0.85
    # Hard enough that a trained small network makes some mistakes.
    assert baseline["accuracy"] < 1
    assert abs(int8["accuracy"] - baseline["accuracy"]) <= 0.03
    assert int8["model_bytes"] <= 0.30 * baseline["model_bytes"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_cifar_images(checkout: Path, tmp_path: Path, cifar10_mini: Path) -> None:
    recipe = write_recipe(tmp_path / "cifar.toml", parse_recipe(CIFAR.format(path=str(cifar10_mini))))
    variants = _variants(checkout, recipe, tmp_path)
    assert variants["baseline"]["accuracy"] >= 0.40
    assert variants["PRQ"]["sparsity_fraction"] >= 0.75
    assert variants["PRQ"]["zip_bytes"] < 0.5 * variants["dynamic range"]["zip_bytes"]
