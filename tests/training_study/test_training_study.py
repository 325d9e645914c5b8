"""The study on a few images, and what its command writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from tests.training_study.fine_tuning import SHARES, STEPS_COMPARED, fine_tuning_study
from tests.training_study.page import page
from tests.training_study.settings import CHANGED, DEFAULTS, training_settings
from tests.training_study.small_objects import KINDS, write_small_objects
from tests.training_study.study import study

NARROW = {"narrow": BackboneSettings(kind="resnet8", width=0.25)}
HEARTS = {
    "hearts": Recipe(dataset=DatasetSettings(limit_per_class=16), images=ImageSettings(size=16, color="grayscale"))
}


def test_small_objects_are_drawn_alike_from_a_seed(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_small_objects(tmp_path / f"{name}.npz", train=12, test=6, seed=3)
    one, other = (np.load(tmp_path / f"{name}.npz") for name in ("one", "other"))
    assert np.array_equal(one["x_train"], other["x_train"])
    assert one["x_train"].shape == (12, 48, 48, 3)
    assert np.bincount(one["y_train"]).tolist() == [2] * len(KINDS)


def test_every_setting_that_is_compared_can_be_trained() -> None:
    for change in CHANGED.values():
        assert training_settings(change).epochs


def test_a_study_that_was_ended_goes_on_and_becomes_a_page(tmp_path: Path) -> None:
    chosen = {name: CHANGED[name] for name in (DEFAULTS, "rate × 2", "average of weights, 0.99")}
    cells = list(study(HEARTS, NARROW, chosen, range(1, 2), tmp_path / "settings.jsonl"))
    assert len(cells) == 3
    again = list(study(HEARTS, NARROW, chosen, range(1, 2), tmp_path / "settings.jsonl"))
    assert again == cells
    text = page(cells, [])
    assert f"| {DEFAULTS} | 1 | {100 * cells[0].test_accuracy:.1f} | 0 |" in text


@pytest.mark.slow
def test_each_step_is_tuned_at_each_rate(tmp_path: Path) -> None:
    cells = list(fine_tuning_study(HEARTS, NARROW, range(1, 2), tmp_path / "fine_tuning.jsonl"))
    assert {(one.step, one.share) for one in cells} == {(step, share) for step in STEPS_COMPARED for share in SHARES}
