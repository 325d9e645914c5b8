"""A run whose recipe has a relative path finds its images from wherever it is looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contract.dataset_settings import DatasetSettings
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.inspection.run_images import RunImages
from engine.store.start_folder import START_FOLDER_FILE, note_start_folder


def test_relative_paths_begin_where_the_run_was_started(
    heart_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(name="near", dataset=DatasetSettings(kind="image_folder", path=heart_folder.name))
    run = tmp_path / "runs" / "run"
    run.mkdir(parents=True)
    (run / "recipe.toml").write_text(recipe_text(recipe), encoding="utf-8")
    monkeypatch.chdir(heart_folder.parent)
    note_start_folder(run, recipe)
    monkeypatch.chdir(tmp_path)
    assert RunImages.of(run).settings.path == str(heart_folder)
    assert RunImages.of(run).index().samples


def test_whole_paths_are_left_alone(heart_folder: Path, tmp_path: Path) -> None:
    note_start_folder(
        tmp_path, Recipe(name="far", dataset=DatasetSettings(kind="image_folder", path=str(heart_folder)))
    )
    assert not (tmp_path / START_FOLDER_FILE).exists()
    note_start_folder(tmp_path, Recipe(name="home", dataset=DatasetSettings(kind="image_folder", path="~/images")))
    assert not (tmp_path / START_FOLDER_FILE).exists()
