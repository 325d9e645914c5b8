"""The terminal takes folder, threads and cache limit from the preferences, and options come first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.launch.thread_limit import VARIABLES, thread_limit, with_thread_limit
from engine.preferences.entries.cache_limit import GIB, CacheLimit
from engine.preferences.entries.runs_folder import RunsFolder
from engine.preferences.entries.threads import Threads
from engine.preferences.preferences_file import change_preferences, preferences_file
from engine.store.locations import Locations
from tests.earlier_runs import THIRD, earlier_runs, only_run
from ui.terminal.command_line import command_line

RECIPE = """
schema = 1
name = "tiny"
[dataset]
kind = "phantom"
limit_per_class = 12
[images]
size = 16
color = "grayscale"
[backbone]
kind = "resnet8"
width = 0.25
[training]
epochs = 1
[[chains]]
name = "half"
steps = [ { step = "post_training_quantization", scheme = "float16" } ]
"""


@pytest.fixture(autouse=True)
def own_preferences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTSHELL_PREFERENCES", str(tmp_path / "preferences.toml"))
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def no_window(*_: object) -> int:
    raise AssertionError("no window is wanted")


def device_of(runs: Path) -> str:
    (log,) = (runs / "runs").glob("*/events.jsonl")
    events = map(json.loads, log.read_text(encoding="utf-8").splitlines())
    return str(next(event["device"] for event in events if event["event"] == "device_found"))


def run(recipe: Path, checkout: Path) -> str:
    """What `run` prints, with nothing but the recipe named."""
    command = [sys.executable, "main.py", "run", str(recipe)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_run_goes_to_the_folder_and_keeps_the_cache_within_its_limit(
    finished_study: dict[str, Any], copied_run: Path, checkout: Path
) -> None:
    locations = Locations(copied_run.parent.parent)
    change_preferences({RunsFolder: locations.root, CacheLimit: 1})
    old = locations.image_cache / ("a" * 64)
    old.mkdir()
    with (old / "images.npy").open("wb") as stream:
        stream.truncate(GIB)  # A hole takes no room on the disk.
    for path in (old / "images.npy", old):
        os.utime(path, (1e9, 1e9))
    others = {path.name for path in locations.image_cache.iterdir()} - {old.name}
    stages = {path.name for path in locations.stages.iterdir()}
    runs = len(list(locations.runs.iterdir()))
    printed = run(finished_study["recipe"], checkout)
    assert printed.rstrip().endswith("1.0 GiB of the cache freed. Its limit is 1 GiB.")
    assert {path.name for path in locations.image_cache.iterdir()} == others
    assert stages <= {path.name for path in locations.stages.iterdir()}
    assert len(list(locations.runs.iterdir())) == runs + 1


@pytest.mark.slow
def test_a_run_takes_so_many_threads(tmp_path: Path, checkout: Path) -> None:
    runs = Locations(tmp_path / "lab").create()
    change_preferences({RunsFolder: runs.root, Threads: 1})
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE, encoding="utf-8")
    run(recipe, checkout)
    assert device_of(runs.root) == f"CPU, {os.cpu_count()} cores, 1 thread"


def test_the_runs_folder_is_looked_into(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    locations = earlier_runs(THIRD, tmp_path / "lab")
    change_preferences({RunsFolder: locations.root})
    out = tmp_path / "out"
    name = only_run(locations).name
    assert command_line(["inspect", name, "--runs", str(tmp_path / "none"), "--out", str(out)], no_window) == 2
    assert f'There is no run "{name}" in {tmp_path / "none" / "runs"}' in capsys.readouterr().err
    assert command_line(["inspect", "nobody", "--out", str(out)], no_window) == 2
    assert f'There is no run "nobody" in {locations.runs}' in capsys.readouterr().err


def test_what_cannot_be_used_is_told_once_and_the_usual_is_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preferences_file().write_text(f"format = 1\nthreads = -4\nruns_folder = '{tmp_path}'\n", encoding="utf-8")
    assert command_line(["inspect", "nobody", "--out", str(tmp_path / "out")], no_window) == 2
    told, refused = capsys.readouterr().err.splitlines()
    assert told == (
        f"threads in {preferences_file()} cannot be used: it has to be a whole number from 0 to 1,024. The usual value "
        "is used."
    )
    assert str(tmp_path / "runs") in refused


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        (["--threads", "many"], "argument --threads: 'many': it has to be a whole number from 0 to 1,024"),
        (["--threads", "-1"], "argument --threads: '-1': it has to be a whole number from 0 to 1,024"),
        (["--cache-limit", "1.5"], "argument --cache-limit: '1.5': it has to be a whole number from 0 to 10,000"),
    ],
)
def test_options_that_are_no_number_are_refused(
    option: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line(["run", "recipe.toml", *option], no_window)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_the_environment_says_how_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    assert thread_limit() is None
    assert thread_limit(with_thread_limit({}, 3)) == 3
    for text, limit in (("2", 2), ("0", 0), ("-5", 0), ("many", None)):
        monkeypatch.setenv(VARIABLES[0], text)
        assert thread_limit() == limit
