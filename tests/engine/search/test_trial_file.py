"""A trial costs what it took when it was computed, also in another run of the recipe."""

from __future__ import annotations

from pathlib import Path

from engine.search.trial_file import TrialFile, TrialRecord

SETTINGS = {"training.learning_rate": 1e-3, "images.size": (16, 20)}


def run_folder(runs: Path, name: str, recipe: str) -> Path:
    folder = runs / name
    folder.mkdir()
    (folder / "recipe.toml").write_text(recipe, encoding="utf-8")
    return folder


def record(seconds: float) -> TrialRecord:
    return TrialRecord(1, SETTINGS, "done", {}, "", seconds)


def test_seconds_of_the_run_and_of_others_of_its_recipe_are_found(tmp_path: Path) -> None:
    killed = run_folder(tmp_path, "killed", "name = 'a'")
    TrialFile(killed).add(record(25.0))
    assert TrialFile(killed).seconds(1, SETTINGS) == 25.0
    again = TrialFile(run_folder(tmp_path, "again", "name = 'a'"))
    assert again.seconds(1, SETTINGS) == 25.0
    assert again.seconds(2, SETTINGS) == 0.0
    assert again.seconds(1, SETTINGS | {"images.size": 16}) == 0.0
    assert TrialFile(run_folder(tmp_path, "other", "name = 'b'")).seconds(1, SETTINGS) == 0.0


def test_a_file_that_was_cut_off_is_not_counted(tmp_path: Path) -> None:
    killed = run_folder(tmp_path, "killed", "name = 'a'")
    (killed / "trials.jsonl").write_text('{"trial": 1, "sec', encoding="utf-8")
    assert TrialFile(killed).seconds(1, SETTINGS) == 0.0
