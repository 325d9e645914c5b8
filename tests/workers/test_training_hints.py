"""An image of another kind is told as unlike a run's training images; one of a model of no run is not judged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from engine.contract.progress import UNWATCHED
from workers.training_hints import TrainingHints


def test_an_image_of_another_kind_is_told(toy_run: Path, heart_folder: Path, tmp_path: Path) -> None:
    models = [toy_run / "models" / "int8.tflite"]
    hints = TrainingHints()
    heart = next(heart_folder.rglob("*.png"))
    assert hints.hint(models, str(heart), UNWATCHED) == ""
    Image.fromarray(np.full((64, 64), 255, np.uint8)).save(tmp_path / "white.png")
    assert "unlike the training images" in hints.hint(models, str(tmp_path / "white.png"), UNWATCHED)
    elsewhere = tmp_path / "deep" / "models" / "int8.tflite"
    elsewhere.parent.mkdir(parents=True)
    shutil.copy(models[0], elsewhere)
    assert hints.hint([elsewhere], str(tmp_path / "white.png"), UNWATCHED) == ""
    assert "unlike" in hints.hint([elsewhere, *models], str(tmp_path / "white.png"), UNWATCHED)
