"""The study of criteria on a few images, what it prints, and that it goes on where it was ended."""

from __future__ import annotations

from pathlib import Path

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import Recipe
from engine.contract.training_settings import TrainingSettings
from tests.channel_study.page import table
from tests.channel_study.study import BASELINE, channel_study

HEARTS = Recipe(
    dataset=DatasetSettings(limit_per_class=16),
    images=ImageSettings(size=16, color="grayscale"),
    backbone=BackboneSettings(kind="resnet8", width=1.0),
    training=TrainingSettings(epochs=1, batch_size=8),
)


def test_a_small_study_is_told_and_goes_on(tmp_path: Path) -> None:
    methods = ("l1",)
    cells = list(channel_study(HEARTS, 1, range(1, 2), methods, tmp_path))
    assert [one.method for one in cells] == [BASELINE, *methods]
    whole, pruned = cells
    assert pruned.macs <= 0.5 * whole.macs
    assert (whole.epochs, pruned.epochs) == (1, 2)
    assert list(channel_study(HEARTS, 1, range(1, 2), methods, tmp_path)) == cells
    page = table(cells, 1, 1)
    assert "one seed" in page
    assert "| l1 |" in page
