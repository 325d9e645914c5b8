"""`check --find-rate` with a real engine child: what it prints and writes, its exit codes, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from tests.ui.wizard.test_rate_dialog import tiny

SEARCH_S = 240


def command(checkout: Path, *arguments: object) -> list[str]:
    return [sys.executable, str(checkout / "main.py"), "check", *map(str, arguments)]


def written(folder: Path, recipe: Recipe) -> Path:
    path = folder / "study.toml"
    path.write_text(recipe_text(recipe), encoding="utf-8")
    return path


def test_it_prints_a_suggestion_and_writes_the_curve(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    path, runs = written(tmp_path, tiny(heart_folder)), tmp_path / "runs"
    line = command(checkout, path, "--runs", runs, "--find-rate", "--json", tmp_path / "curve.json")
    done = subprocess.run(line, capture_output=True, text=True, timeout=SEARCH_S, check=False)
    assert done.returncode == 0, done.stderr
    curve = json.loads((tmp_path / "curve.json").read_text(encoding="utf-8"))
    assert (curve["schema"], curve["batch_size"], curve["optimizer"]) == (1, 8, "adam")
    rates = [one["rate"] for one in curve["tried"]]
    assert rates == sorted(rates)
    assert curve["planned_batches"] == 150
    assert 100 < len(rates) <= 150
    assert curve["diverged"] == (len(rates) < 150)
    suggestion = curve["suggestion"]
    assert rates[0] <= suggestion["low"] <= suggestion["rate"] <= suggestion["high"] <= rates[-1]
    assert f"learning_rate = {suggestion['rate']:g}\n" in done.stdout
    assert "head_learning_rate = " in done.stdout
    assert "← suggested" in done.stdout
    assert "Estimated time" in done.stdout, "the check itself"
    # The images are there for the run; of a run or stage there is nothing.
    assert list((runs / "images").iterdir())
    assert not list((runs / "stages").iterdir())
    assert not list((runs / "runs").iterdir())


def test_what_cannot_be_searched_is_refused(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    path = written(tmp_path, tiny(tmp_path / "nowhere"))
    for arguments, code, said in (
        ((path, "--find-rate"), 2, "there is no folder"),
        ((path, "--json", tmp_path / "curve.json"), 2, "--find-rate"),
    ):
        line = command(checkout, *arguments, "--runs", tmp_path / "runs")
        done = subprocess.run(line, capture_output=True, text=True, timeout=SEARCH_S, check=False)
        assert done.returncode == code
        assert said in " ".join((done.stdout + done.stderr).split())
    assert not (tmp_path / "curve.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_ctrl_c_ends_it_with_130(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    path = written(tmp_path, tiny(heart_folder))
    line = command(checkout, path, "--runs", tmp_path / "runs", "--find-rate")
    child = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + SEARCH_S
    engines: list[psutil.Process] = []
    while not engines and time.monotonic() < deadline:
        inside = psutil.Process(child.pid).children(recursive=True)
        engines = [one for one in inside if "--engine-child" in one.cmdline()]
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=SEARCH_S)
    assert child.returncode == 130, errors
    assert "Cancel" in errors
    assert "Traceback" not in errors
    psutil.wait_procs(engines, timeout=10)
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in engines)
