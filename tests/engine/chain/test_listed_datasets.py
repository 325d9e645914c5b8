"""A dataset is listed once for all plans that ask for it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.chain.listed_datasets import DatasetLister
from engine.chain.planning import plan_run
from engine.contract.errors import DataError
from engine.contract.recipe_file import build_recipe, recipe_document
from engine.contract.varied_recipe import varied
from engine.store.locations import Locations
from tests.small_study import small_recipe


def test_a_plan_takes_what_another_has_listed(heart_folder: Path, tmp_path: Path) -> None:
    folder, locations = Path(shutil.copytree(heart_folder, tmp_path / "images")), Locations(tmp_path / "runs")
    recipe = small_recipe(folder)
    first = plan_run(recipe, locations)
    lister = DatasetLister(locations.image_cache, first.listed)
    shutil.rmtree(folder)
    again = plan_run(varied(recipe, {"images.size": 32}), locations, lister=lister)
    assert again.index is first.index
    assert again.branches[0].fingerprint != first.branches[0].fingerprint
    with pytest.raises(DataError):
        plan_run(recipe, locations)


@pytest.mark.parametrize("changed", [{"seed": 9}, {"folds": 3}, {"dataset": {"limit_per_class": 5}}])
def test_other_splits_and_settings_are_listed_anew(heart_folder: Path, tmp_path: Path, changed: dict[str, Any]) -> None:
    locations, document = Locations(tmp_path), recipe_document(small_recipe(heart_folder))
    lister = DatasetLister(locations.image_cache)
    first = plan_run(build_recipe(document), locations, lister=lister)
    dataset = document["dataset"] | changed.get("dataset", {})
    other = build_recipe(document | changed | {"dataset": dataset})
    found = plan_run(other, locations, lister=lister)
    assert found.index == plan_run(other, locations).index != first.index
