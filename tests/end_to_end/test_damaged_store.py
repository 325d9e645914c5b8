"""A byte that changes in the store between two runs is told, and the same files come out again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.contract.recipe_file import recipe_text
from tests.small_study import small_recipe

RUN_S = 300


def run(checkout: Path, folder: Path, json_name: str) -> tuple[str, Path]:
    arguments = ["run", folder / "study.toml", "--runs", folder / "runs", "--json", folder / json_name]
    command = [sys.executable, str(checkout / "main.py"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr, Path(json.loads((folder / json_name).read_text())["directory"])


def models(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (directory / "models").glob("*.tflite")}


@pytest.mark.timeout(2 * RUN_S)
def test_a_byte_changed_in_every_stage_is_told_and_the_files_are_made_again(
    checkout: Path, tmp_path: Path, heart_folder: Path
) -> None:
    (tmp_path / "study.toml").write_text(recipe_text(small_recipe(heart_folder)), encoding="utf-8")
    _, first = run(checkout, tmp_path, "first.json")
    stages = [folder for folder in (tmp_path / "runs" / "stages").iterdir() if folder.is_dir()]
    for number, folder in enumerate(sorted(stages)):
        names = sorted(file.name for file in folder.iterdir())
        file = folder / names[number % len(names)]
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    printed, second = run(checkout, tmp_path, "second.json")
    assert printed.count("is damaged, so the stage is computed again") == len(stages)
    assert models(first) == models(second)
    assert len(list((tmp_path / "runs" / "stages").glob("*.damaged-*"))) == len(stages)
