"""A run tells of each variant on what it runs; a target holds it against limits, and nothing is tried twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.contract.recipe_file import recipe_text
from engine.contract.target_settings import TargetSettings
from tests.end_to_end.test_command_line import run
from tests.small_study import small_recipe

SPELLED = {"runs", "reason", "agreement", "max_difference", "arena_bytes"}
PHASE = "trying the file in other runtimes"

pytest.importorskip("tflite_micro", reason="has no wheel for this platform")


def runtimes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {variant["chain"]: variant["runtimes"] for variant in document["variants"]}


def test_each_variant_tells_on_what_it_runs(finished_study: dict[str, Any]) -> None:
    found = runtimes(finished_study["json"])
    assert list(found) == ["baseline", "PRN", "PRQ"]
    tested = finished_study["json"]["dataset"]["test"]
    for of_variant in found.values():
        assert list(of_variant) == ["litert", "litert_reference", "tflm"]
        assert all(one.keys() >= SPELLED for one in of_variant.values())
        for key in ("litert", "litert_reference"):
            assert (of_variant[key]["runs"], of_variant[key]["agreement"], of_variant[key]["images"]) == (
                True,
                1,
                tested,
            )
        assert of_variant["litert"]["max_difference"] == 0
    for float32 in ("baseline", "PRN"):
        assert found[float32]["tflm"]["runs"] is True
        assert found[float32]["tflm"]["arena_bytes"] > 0
        assert "CONV_2D" in found[float32]["tflm"]["operators"]
    assert found["PRQ"]["tflm"]["runs"] is False
    assert "Hybrid models are not supported" in found["PRQ"]["tflm"]["reason"]


def test_a_target_changes_the_verdicts_and_tries_nothing_again(
    finished_study: dict[str, Any], copied_run: Path, checkout: Path, heart_folder: Path, tmp_path: Path
) -> None:
    target = TargetSettings(runs_on=("litert", "tflm"), arena_bytes=1_000, model_bytes=400_000)
    recipe = tmp_path / "held.toml"
    recipe.write_text(recipe_text(small_recipe(heart_folder).model_copy(update={"target": target})), encoding="utf-8")
    checked = run(checkout, "check", recipe, "--runs", copied_run.parents[1])
    assert 'The file of "PRQ" will not run on TensorFlow Lite Micro' in " ".join(checked.stdout.split())
    done = run(checkout, "run", recipe, "--runs", copied_run.parents[1], "--json", tmp_path / "held.json")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "held.json").read_text(encoding="utf-8"))
    assert runtimes(document) == runtimes(finished_study["json"])
    assert PHASE not in (Path(document["directory"]) / "events.jsonl").read_text(encoding="utf-8")
    verdicts = {
        one["chain"]: {f"{kept['limit']} {kept['runtime']}".strip(): kept["verdict"] for kept in one["limits"]}
        for one in document["variants"]
    }
    assert verdicts["PRQ"] == {
        "runs_on litert": "holds",
        "runs_on tflm": "does not hold",
        "arena_bytes": "not measured",
        "model_bytes": "holds",
    }
    assert verdicts["PRN"]["arena_bytes"] == "does not hold"
    (note,) = (one["note"] for one in document["variants"] if one["chain"] == "PRQ")
    assert "It does not keep the target to run on TensorFlow Lite Micro: " in note
    assert PHASE in (copied_run / "events.jsonl").read_text(encoding="utf-8")


def test_micro_writes_source_and_says_which_boards_it_fits(
    finished_study: dict[str, Any], checkout: Path, tmp_path: Path
) -> None:
    runs, name = finished_study["folder"] / "runs", finished_study["json"]["run"]
    done = run(checkout, "micro", name, "--variant", "PRN", "--out", tmp_path / "c", "--runs", runs)
    assert done.returncode == 0, done.stderr
    assert "Raspberry Pi Pico" in done.stdout
    record = json.loads((tmp_path / "c" / "boards.json").read_text(encoding="utf-8"))
    (variant,) = (one for one in finished_study["json"]["variants"] if one["chain"] == "PRN")
    assert (record["model_bytes"], record["macs"]) == (variant["model_bytes"], variant["macs"])
    assert record["arena_bytes"] == variant["runtimes"]["tflm"]["arena_bytes"]
    assert record["operators"] == variant["runtimes"]["tflm"]["operators"]
    # Nothing is estimated for floats.
    assert {one["estimated_cycles"] for one in record["boards"]} == {None}
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == [
        "boards.json",
        "interpreter.h",
        "model.cc",
        "model.h",
    ]


@pytest.mark.parametrize(
    ("variant", "sentence"),
    [("PRQ", '"PRQ" is not for a microcontroller. TensorFlow Lite Micro has no'), ("PRX", 'Did you mean "PR')],
)
def test_micro_says_what_it_cannot_write(
    variant: str, sentence: str, finished_study: dict[str, Any], checkout: Path, tmp_path: Path
) -> None:
    runs, name = finished_study["folder"] / "runs", finished_study["json"]["run"]
    done = run(checkout, "micro", name, "--variant", variant, "--out", tmp_path / "c", "--runs", runs)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert not (tmp_path / "c").exists()
