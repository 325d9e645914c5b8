"""A pruned network transfers to a folder of three other classes, through the real child, and is measured there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.training_settings import TrainingSettings as Training
from engine.measurement.interpreter import ImageClassifier
from engine.measurement.tflite_file import TfliteFile
from tests.end_to_end.test_command_line import run, write_recipe

CLASSES = ("dots", "rings", "stripes")


def draw_others(root: Path) -> Path:
    generator = np.random.default_rng(5)
    for place, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for number in range(12):
            image = generator.integers(0, 60, (32, 32)).astype(np.uint8)
            image[:: place + 2, :: 4 - place] += 150
            Image.fromarray(image).save(root / name / f"{number}.png")
    return root


def recipe(others: Path) -> Recipe:
    pruned = {"step": "magnitude_pruning", "schedule": "one_shot", "sparsity": 0.9, "epochs": 1}
    transfer = {"step": "sparse_transfer", "dataset": {"kind": "image_folder", "path": str(others)}, "epochs": 2}
    int8 = {"step": "post_training_quantization", "scheme": "int8", "calibration_images": 12}
    return Recipe(
        name="transfer",
        dataset=DatasetSettings(limit_per_class=10),
        images=ImageSettings(size=32, color="grayscale", scale="standardize"),
        backbone=BackboneSettings(kind="resnet8", width=0.5),
        training=Training(epochs=1, batch_size=8),
        chains=(
            ChainSettings(name="PRN", steps=(pruned,)),
            ChainSettings(name="transfer", steps=(pruned, transfer)),
            ChainSettings(name="transfer int8", steps=(pruned, transfer, int8)),
        ),
    )


def test_a_pruned_network_learns_other_images_and_is_measured_on_them(checkout: Path, tmp_path: Path) -> None:
    file = write_recipe(tmp_path / "recipe.toml", recipe(draw_others(tmp_path / "shapes")))
    runs = tmp_path / "runs"
    done = run(checkout, "run", file, "--runs", runs, "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    directory = Path(result["directory"])
    variants = {variant["chain"]: variant for variant in result["variants"]}
    label = "image_folder shapes"
    assert {name: one["dataset"] for name, one in variants.items()} == {
        "baseline": "", "PRN": "", "transfer": label, "transfer int8": label
    }  # fmt: skip
    assert [variants[name]["agreement"] is None for name in variants] == [False, False, True, True]
    assert "Measured on image_folder shapes" in variants["transfer"]["note"]
    others = result["other_datasets"][label]
    assert tuple(others["classes"]) == CLASSES
    assert result["dataset"]["classes"] == ["normal", "sick"]
    assert len((directory / "split-2.csv").read_text().splitlines()) == 1 + 36
    (one_shot,) = variants["PRN"]["pruning_rounds"]
    assert one_shot["sparsity_fraction"] > 0.89
    assert variants["transfer"]["pruning_rounds"] == variants["PRN"]["pruning_rounds"]

    for name, chosen in (("transfer", 3), ("transfer int8", 3), ("PRN", 1)):
        path = directory / variants[name]["file"]
        classifier = ImageClassifier(path.read_bytes())
        classifier.set_image(np.zeros((32, 32, 1), np.float32))
        classifier.invoke()
        assert len(classifier.probabilities()) == chosen
        fed = json.loads(path.with_suffix(".json").read_text())
        assert tuple(fed["classes"]) == (CLASSES if chosen == 3 else ("normal", "sick"))
    before, after = (TfliteFile.read(directory / variants[name]["file"]) for name in ("PRN", "transfer"))
    for old, new in zip(before.kernels[:-1], after.kernels[:-1], strict=True):
        assert not new.values[old.values == 0].any(), old.name
    assert variants["transfer"]["parameters"] - variants["PRN"]["parameters"] == 2 * (before.kernels[-1].size + 1)

    verified = run(checkout, "verify", directory)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "Images (image_folder shapes), images: holds" in verified.stdout

    again = run(checkout, "run", file, "--runs", runs)
    assert "Nothing had to be computed" in again.stdout + again.stderr


def test_a_missing_folder_is_told_before_anything_is_trained(checkout: Path, tmp_path: Path) -> None:
    file = write_recipe(tmp_path / "recipe.toml", recipe(tmp_path / "nowhere"))
    done = run(checkout, "run", file, "--runs", tmp_path / "runs")
    assert done.returncode == 2
    assert "chains[1].steps[1].dataset.path" in done.stderr
    assert "check the path" in done.stderr
