"""One small study, run once through the command line and shared by all tests that look at a finished run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.contract.recipe_file import recipe_text
from tests.small_study import small_recipe

RUN_S = 300


@pytest.fixture(scope="session")
def finished_study(checkout: Path, tmp_path_factory: pytest.TempPathFactory, heart_folder: Path) -> dict[str, Any]:
    """One finished run: its folder, its recipe, what it printed and its JSON."""
    folder = tmp_path_factory.mktemp("study")
    recipe = folder / "study.toml"
    recipe.write_text(recipe_text(small_recipe(heart_folder)), encoding="utf-8")
    written = ("--json", folder / "result.json", "--markdown", folder / "result.md")
    arguments = [sys.executable, checkout / "main.py", "run", recipe, "--runs", folder / "runs", *written]
    done = subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stderr
    return {
        "folder": folder,
        "recipe": recipe,
        "printed": done.stdout,
        "json": json.loads((folder / "result.json").read_text()),
        "markdown": (folder / "result.md").read_text(encoding="utf-8"),
    }


@pytest.fixture
def copied_run(finished_study: dict[str, Any], tmp_path: Path) -> Path:
    """The folder of that run in a copy of its runs directory, which a test may damage."""
    shutil.copytree(finished_study["folder"] / "runs", tmp_path / "runs")
    return tmp_path / "runs" / "runs" / str(finished_study["json"]["run"])
