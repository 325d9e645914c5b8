"""An engine child takes as many threads as the preferences say, where the environment says nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from engine.contract.recipe import Recipe
from engine.contract.recipe_file import parse_recipe
from engine.launch.thread_limit import VARIABLES
from engine.preferences.entries.threads import Threads
from engine.preferences.preferences_file import change_preferences
from workers.engine_process import EngineProcess

RECIPE = """
schema = 1
name = "nothing to train"
[dataset]
kind = "image_folder"
path = "nowhere"
[backbone]
kind = "resnet8"
[[chains]]
name = "c"
steps = []
"""


@pytest.fixture
def recipe() -> Recipe:
    return parse_recipe(RECIPE)


@pytest.mark.skipif(not Path("/proc/self/environ").is_file(), reason="reads the environment of another process")
@pytest.mark.parametrize(("preferred", "in_environment", "expected"), [(0, None, None), (3, None, "3"), (3, "2", "2")])
def test_where_it_takes_them_from(
    recipe: Recipe,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    preferred: int,
    in_environment: str | None,
    expected: str | None,
) -> None:
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    if in_environment:
        monkeypatch.setenv(VARIABLES[0], in_environment)
    change_preferences({Threads: preferred})
    process = EngineProcess(recipe, tmp_path / "runs")
    content = Path(f"/proc/{process.pid}/environ").read_bytes().decode(errors="replace")
    variables = dict(entry.partition("=")[::2] for entry in content.split("\0"))
    os.kill(process.pid, signal.SIGKILL)
    list(process.batches())
    process.outcome()
    assert variables.get(VARIABLES[0]) == expected
