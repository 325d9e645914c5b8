"""Searches through the real child: killed and resumed, stopped early; and against the whole grid."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from engine.chain.run import run_recipe
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, StageFinished, TrialFinished
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchSettings
from engine.contract.training_settings import TrainingSettings
from engine.search.search_run import search_study
from engine.store.file_hash import file_hash
from engine.store.locations import Locations
from engine.training.control import Control
from tests.end_to_end.test_command_line import engines_of, run, write_recipe
from tests.hypervolume import hypervolume

PRUNED = {"step": "magnitude_pruning", "sparsity": 0.8, "epochs": 1}
SMALL = {"step": "post_training_quantization", "scheme": "dynamic_range"}


def study(search: SearchSettings, per_class: int = 24, epochs: int = 1, side: int = 16) -> Recipe:
    return Recipe(
        name="search",
        dataset=DatasetSettings(limit_per_class=per_class),
        images=ImageSettings(size=side, color="grayscale"),
        backbone=BackboneSettings(kind="resnet8", width=0.25),
        training=TrainingSettings(epochs=epochs, batch_size=8),
        chains=(ChainSettings(name="PQ", steps=(PRUNED, SMALL)),),
        search=search,
    )


QUICK = study(
    SearchSettings(
        objectives=("validation_accuracy", "zip_bytes"),
        trials=5,
        vary={"images.size": (12, 16), "chains.PQ.0.sparsity": {"low": 0.3, "high": 0.95}},
    )
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_killed_search_goes_on_to_the_same_front(checkout: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "search.toml", QUICK)
    whole = run(checkout, "run", recipe, "--runs", tmp_path / "whole", "--json", tmp_path / "whole.json")
    assert whole.returncode == 0, whole.stderr
    expected = json.loads((tmp_path / "whole.json").read_text())
    runs = tmp_path / "runs"
    _kill_in_trial(checkout, recipe, runs, trial=3)
    done = run(checkout, "run", recipe, "--runs", runs, "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["stages_reused"] >= 4
    assert _trials(Path(result["directory"])) == _trials(Path(expected["directory"]))
    assert [point["settings"] for point in result["search"]["front"]] == [
        point["settings"] for point in expected["search"]["front"]
    ]
    _check_front(result)
    verified = run(checkout, "verify", result["run"], "--runs", runs)
    assert verified.returncode == 0, verified.stdout
    alone = Path(result["directory"]) / result["search"]["front"][0]["recipe"]
    again = run(checkout, "run", alone, "--runs", runs, "--json", tmp_path / "alone.json")
    assert again.returncode == 0, again.stderr
    of_point = json.loads((tmp_path / "alone.json").read_text())
    assert (of_point["stages_computed"], of_point["search"]) == (0, None)
    assert of_point["variants"][1]["zip_bytes"] == result["search"]["front"][0]["values"]["zip_bytes"]


def _check_front(result: dict[str, Any]) -> None:
    variants = {f"{one['chain']} (trial {one['trial']})": one for one in result["variants"]}
    assert result["search"]["trials"] == 5
    chains = [one for one in result["variants"] if one["chain"] == "PQ"]
    assert len(chains) == 5
    for one in result["variants"]:
        assert one["file_sha256"] == file_hash(Path(result["directory"]) / one["file"])
    trained = {one["file_sha256"]: one["setting"] for one in result["variants"] if one["chain"] == "baseline"}
    assert len(trained) == 2, "trials of one image size share their baseline"
    for point in result["search"]["front"]:
        one = variants[point["variant"]]
        assert point["values"] == {name: one[name] for name in ("validation_accuracy", "zip_bytes")}
        for other in chains:
            better = other["validation_accuracy"] > one["validation_accuracy"], other["zip_bytes"] < one["zip_bytes"]
            assert not all(better)
        assert (Path(result["directory"]) / one["file"]).stat().st_size == one["model_bytes"]


def _trials(directory: Path) -> list[tuple[object, object]]:
    records = map(json.loads, (directory / "trials.jsonl").read_text().splitlines())
    return [(record["settings"], record["values"]) for record in records]


def _kill_in_trial(checkout: Path, recipe: Path, runs: Path, trial: int) -> None:
    import subprocess

    child = subprocess.Popen(
        [sys.executable, "main.py", "run", str(recipe), "--runs", str(runs)],
        cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith(f"Trial {trial - 1} of"):
            (engine,) = engines_of(child)
            os.kill(engine.pid, signal.SIGKILL)
            break
    child.communicate(timeout=30)


def test_no_trial_needs_to_be_the_recipe_and_an_unreached_floor_is_told(checkout: Path, tmp_path: Path) -> None:
    search = SearchSettings(
        objectives=("zip_bytes",), floors={"zip_bytes": 10, "accuracy": 0.2}, trials=2,
        vary={"images.size": (12, 20), "chains.PQ.0.sparsity": (0.5,)},
    )  # fmt: skip
    recipe = write_recipe(tmp_path / "floor.toml", study(search))
    done = run(checkout, "run", recipe, "--runs", tmp_path / "runs", "--json", tmp_path / "floor.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "floor.json").read_text())
    assert (result["search"]["front"], result["search"]["trials"]) == ([], 2)
    assert (result["stages_computed"], result["stages_reused"]) == (6, 0)
    assert "Found in 2 trials: nothing that reaches the floors" in done.stdout
    assert "No trial reached the floors (zip_bytes 10, accuracy 0.2). The best zip_bytes is" in done.stdout
    assert "from an earlier run" not in done.stdout


def test_check_says_how_large_a_search_is(checkout: Path, tmp_path: Path) -> None:
    search = SearchSettings(trials=9, minutes=5, vary={"images.size": (12, 16), "backbone.width": (0.25, 0.5)})
    done = run(checkout, "check", write_recipe(tmp_path / "a.toml", study(search)), "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    assert "chooses among 4 combinations, for 9 trials or 5 minutes" in done.stdout
    wrong = search.model_copy(update={"vary": {"images.sise": (12,)}})
    done = run(checkout, "check", write_recipe(tmp_path / "b.toml", study(wrong)), "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert 'did you mean "size"' in done.stderr


GRID = {
    "images.size": (12, 16, 24),
    "chains.PQ.0.sparsity": (0.5, 0.7, 0.85, 0.95),
    "chains.PQ.1.scheme": ("dynamic_range", "int8"),
}
POINTS = 24
SEEDS = (1, 2, 3)


@pytest.mark.slow
def test_a_search_finds_the_front_of_the_whole_grid_in_half_its_training(tmp_path: Path) -> None:
    """Against drawing at random; the seconds are those that each stage took when it was computed."""
    locations, seconds = Locations(tmp_path), {}
    whole = list(_searched(locations, "random", 7, seconds))
    assert len(whole) == POINTS
    total_s, best = sum(seconds.values()), hypervolume(values for _, values in whole)
    shares = {}
    for sampler in ("tpe", "random"):
        tried = (_searched(locations, sampler, seed, seconds) for seed in SEEDS)
        shares[sampler] = [
            hypervolume(values for spent_s, values in trials if spent_s <= total_s / 2) / best for trials in tried
        ]
        print(f"{sampler}: {', '.join(f'{share:.3f}' for share in shares[sampler])} of the front's hypervolume")
    print(f"the whole grid: {total_s:.0f} s of training, {POINTS} points")
    assert median(shares["tpe"]) >= 0.9


def _searched(
    locations: Locations, sampler: str, seed: int, seconds: dict[str, float]
) -> Iterator[tuple[float, dict[str, float]]]:
    """Of each trial of a search the seconds that all stages so far took, each once, and what it found."""
    recipe = study(SearchSettings(trials=POINTS, sampler=sampler, vary=GRID), per_class=150, epochs=6)  # type: ignore[arg-type]
    events: list[EngineEvent] = []
    tell: Callable[[EngineEvent], None] = events.append
    run_recipe(
        recipe.model_copy(update={"search": recipe.search, "split_seed": 7, "name": f"{sampler} {seed}"}),
        locations, Control(), tell, lambda directory: None, study=lambda one: search_study(one, seed),
    )  # fmt: skip
    seen: set[str] = set()
    for event in events:
        if isinstance(event, StageFinished):
            if not event.reused:
                seconds[event.stage] = event.seconds
            seen.add(event.stage)
        elif isinstance(event, TrialFinished):
            yield sum(seconds[key] for key in seen), event.values
