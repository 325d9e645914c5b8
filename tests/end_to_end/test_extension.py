"""A step with evidence of its own and its panel, a backbone, a source of images and an augmentation, all outside of the
program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from engine.contract.extensions import VARIABLE

RECIPE = """
schema = 1
name = "stripes"
[dataset]
kind = "stripes"
noise = 12.5
[images]
size = 32
color = "grayscale"
[backbone]
kind = "two_convolutions"
[training]
epochs = 2
augment = ["pad_crop", "checkerboard", "mixup", "cutmix"]
[[chains]]
name = "norms"
steps = [{ step = "kernel_norms", norm = "l1" }]
[[chains]]
name = "int8"
steps = [{ step = "post_training_quantization", scheme = "int8" }]
"""
EXAMPLE = "resources/examples/extension"


def test_a_study_of_parts_from_outside_of_the_tree(checkout: Path, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(RECIPE, encoding="utf-8")
    outside = tmp_path / "extension"
    shutil.copytree(checkout / EXAMPLE, outside)
    environment = os.environ | {VARIABLE: str(outside), "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "tests.run_with_extension", str(file), str(tmp_path / "runs")]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["exit_code"] == 0
    assert shown["tab"] is True
    assert len(shown["bars"]) == 3, "two convolutions and the classifier"
    assert all(0 < norm < 10 for norm in shown["bars"])
    assert shown["noise"] == "12.5", "the wizard's form has the source's own setting"
    assert shown["in_schema"] == {"source": "stripes", "unit": "gray levels"}
    assert shown["box"] == "Checkerboard", "the wizard offers the augmentation"
    (run,) = (tmp_path / "runs").rglob("recipe.toml")
    assert tomllib.loads(run.read_text(encoding="utf-8"))["dataset"]["noise"] == 12.5
    assert shown["evidence"] == {"baseline": [], "norms": ["kernel_norms"], "int8": ["calibration"]}


def test_without_the_variable_the_step_is_unknown(checkout: Path, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('schema = 1\n[[chains]]\nname = "norms"\nsteps = [{ step = "kernel_norms" }]\n')
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    command = [sys.executable, "main.py", "check", str(file)]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert 'There is no step "kernel_norms"' in done.stderr


def test_without_the_variable_the_augmentation_is_unknown(checkout: Path, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text('schema = 1\n[training]\naugment = ["hflip", "checkerboards"]\n')
    for environment, sentence in (
        (_environment(""), "known: "),
        (_environment(EXAMPLE), 'did you mean "checkerboard"?'),
    ):
        command = [sys.executable, "main.py", "check", str(file)]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert 'training.augment[1] = "checkerboards" cannot be used: there is no augmentation of' in done.stderr
        assert sentence in done.stderr


def _environment(extension: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != VARIABLE} | (
        {VARIABLE: extension} if extension else {}
    )
