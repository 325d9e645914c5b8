"""A recipe with two image sizes through the real child: killed while it trains the second baseline, then run again."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageGrid
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import read_recipe
from engine.contract.training_settings import TrainingSettings
from engine.steps.post_training_quantization.evidence import CalibrationRecord
from tests.end_to_end.test_command_line import engines_of, epochs_of, run, write_recipe

GRID = Recipe(
    name="two sizes",
    dataset=DatasetSettings(limit_per_class=10),
    images=ImageGrid(size=((32, 32), (16, 16)), color="grayscale"),
    backbone=BackboneSettings(width=0.05),
    training=TrainingSettings(epochs=1, batch_size=8),
    chains=(ChainSettings(name="int8", steps=({"step": "post_training_quantization", "scheme": "int8"},)),),
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_killed_grid_goes_on_and_each_variant_says_its_setting(checkout: Path, tmp_path: Path) -> None:
    recipe, runs = write_recipe(tmp_path / "grid.toml", GRID), tmp_path / "runs"
    for child, epoch in epochs_of(checkout, recipe, runs):
        if epoch == 2:
            (engine,) = engines_of(child)
            os.kill(engine.pid, signal.SIGKILL)
            child.communicate(timeout=20)
            break
    assert child.returncode == 3
    done = run(checkout, "run", recipe, "--runs", runs, "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert [(variant["chain"], variant["setting"]) for variant in result["variants"]] == [
        ("baseline", "32 px"), ("int8", "32 px"), ("baseline", "16 px"), ("int8", "16 px"),
    ]  # fmt: skip
    assert (result["stages_computed"] + result["stages_reused"], result["stages_reused"] >= 2) == (4, True)
    first, second = result["image_settings"]
    assert {name: first[name] for name in result["images"]} == result["images"]
    assert (first["settings"]["size"], second["settings"]["size"]) == (32, 16)
    assert second["bytes_after"] < first["bytes_after"] < first["bytes_before"] == second["bytes_before"]
    for variant in result["variants"]:
        path = Path(result["directory"]) / variant["file"]
        assert path.stat().st_size == variant["model_bytes"]
        side = int(variant["setting"].split()[0])
        assert json.loads(path.with_suffix(".json").read_text())["images"]["size"] == side
        baseline = variant["chain"] == "baseline"
        assert bool(variant["ranges_file"]) != baseline
        if not baseline:
            ranges = (Path(result["directory"]) / variant["ranges_file"]).read_bytes()
            assert CalibrationRecord.model_validate_json(ranges).images == result["dataset"]["train"]
        assert (variant["agreement"] == 1.0 and variant["latency_ratio"] == 1.0) or not baseline
    assert read_recipe(Path(result["directory"]) / "recipe.toml") == GRID
    verified = run(checkout, "verify", result["run"], "--runs", runs)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "Images (16 px), bytes: holds" in verified.stdout
