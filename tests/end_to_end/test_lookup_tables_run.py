"""A run that makes a file for TensorFlow Lite Micro: it ships, described and hashed, with figures in the JSON."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.measurements import MicroFile
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.training_settings import TrainingSettings
from engine.measurement.tflite_file import TfliteFile
from engine.store.file_hash import file_hash
from ui.terminal.command_line import command_line

pytest.importorskip("tflite_micro", reason="has no wheel for this platform")


def recipe(folder: Path) -> Recipe:
    clustered = {"step": "weight_clustering", "clusters": 8, "epochs": 1}
    int8 = {"step": "post_training_quantization", "scheme": "int8", "calibration_images": 20}
    return Recipe(
        name="tables",
        dataset=DatasetSettings(kind="image_folder", path=str(folder)),
        images=ImageSettings(size=32, color="grayscale"),
        backbone=BackboneSettings(kind="resnet8"),
        training=TrainingSettings(epochs=1, batch_size=8),
        chains=(
            ChainSettings(name="plain", steps=(clustered, int8)),
            ChainSettings(name="a/b", steps=(clustered, int8 | {"lookup_tables": True})),
        ),
    )


def test_the_file_ships_with_its_figures(
    heart_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "study.toml").write_text(recipe_text(recipe(heart_folder)), encoding="utf-8")

    def run(result: str) -> dict:
        command = ["run", tmp_path / "study.toml", "--runs", tmp_path / "runs", "--json", tmp_path / result]
        assert command_line([str(one) for one in command], lambda *_: pytest.fail("no window is asked for")) == 0
        return json.loads((tmp_path / result).read_text())

    first = run("first.json")
    _, plain, tables = first["variants"]
    assert plain["micro"] is None
    assert tables["accuracy"] == plain["accuracy"]
    assert tables["model_bytes"] == plain["model_bytes"], "the ordinary file is the same"
    micro = MicroFile.model_validate(tables["micro"])
    directory = Path(first["directory"])
    file = directory / micro.file
    assert file.stat().st_size == micro.model_bytes < 0.7 * tables["model_bytes"]
    assert json.loads((directory / "hashes.json").read_text())[micro.file] == file_hash(file)
    with zipfile.ZipFile(file) as inside:
        assert inside.read("feeding.json") == (directory / tables["file"]).with_suffix(".json").read_bytes()
    kernels = zip(TfliteFile.read(file).kernels, TfliteFile.read(directory / tables["file"]).kernels, strict=True)
    assert all((one.values == other.values).all() for one, other in kernels)
    assert micro.images == first["dataset"]["test"]
    assert micro.arena_bytes > micro.plain_arena_bytes
    assert f"For TensorFlow Lite Micro {micro.model_bytes / 1024:,.1f} KiB unzipped" in tables["note"]
    (evidence,) = (one for one in tables["evidence"] if one["kind"] == "lookup_tables")
    assert "kernels as look-up tables" in evidence["sentence"]
    assert "Kernels for TensorFlow Lite Micro" in capsys.readouterr().out
    assert command_line(["verify", first["directory"]], lambda *_: 1) == 0
    assert "TFLM" in capsys.readouterr().out
    again = run("again.json")
    assert again["stages_computed"] == 0
    assert again["variants"][2]["micro"] == tables["micro"]
    assert (Path(again["directory"]) / micro.file).read_bytes() == file.read_bytes()
