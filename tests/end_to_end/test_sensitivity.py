"""`sensitivity` with a real engine child: of a recipe, which is trained first, and of a run; its exit codes."""

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

from engine.contract.training_settings import TrainingSettings
from tests.end_to_end.test_find_rate import written
from tests.ui.wizard.test_rate_dialog import tiny

MEASURE_S = 240
SCHEMES = ["int8", "int4", "pruning", "channel_pruning"]


def command(checkout: Path, *arguments: object) -> list[str]:
    return [sys.executable, str(checkout / "main.py"), "sensitivity", *map(str, arguments)]


def done(checkout: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    line = command(checkout, *arguments)
    return subprocess.run(line, capture_output=True, text=True, timeout=MEASURE_S, check=False)


def test_of_a_recipe_the_baseline_is_trained_once_and_measured_once(
    checkout: Path, tmp_path: Path, heart_folder: Path
) -> None:
    recipe = tiny(heart_folder).model_copy(update={"training": TrainingSettings(epochs=1, batch_size=8)})
    path, out = written(tmp_path, recipe), tmp_path / "found.json"
    first = done(checkout, path, "--runs", tmp_path / "runs", "--images", 8, "--json", out)
    assert first.returncode == 0, first.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert (found["schema"], found["variant"], found["run"], found["images"]) == (1, "baseline", "", 8)
    (note,) = found["notes"]
    assert note.endswith("was not measured: its channels are the classes.")
    assert len(found["layers"]) == 10
    for layer in found["layers"]:
        assert layer["bytes"] > 0
        assert layer["range"][0] < layer["range"][1]
        of_classes = f"channel_pruning of {layer['layer']} " in note
        assert list(layer["schemes"]) == (SCHEMES[:3] if of_classes else SCHEMES)
        for cost in layer["schemes"].values():
            assert list(cost) == ["accuracy_drop", "sqnr_db", "kl"]
    by_int8 = [layer["schemes"]["int8"]["kl"] for layer in found["layers"]]
    assert by_int8 == sorted(by_int8, reverse=True)
    assert max(layer["schemes"]["pruning"]["kl"] for layer in found["layers"]) > max(by_int8)
    assert f"│ {found['layers'][0]['layer']} " in first.stdout
    again = done(checkout, path, "--runs", tmp_path / "runs", "--images", 8, "--json", out)
    assert again.returncode == 0, again.stderr
    assert json.loads(out.read_text(encoding="utf-8")) == found, "with the seconds that the first took"


def test_of_a_run_no_network_is_needed_but_for_pruning(checkout: Path, toy_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    line = done(checkout, toy_run, "--scheme", "int4", "--scheme", "pruning", "--images", 6, "--json", out)
    assert line.returncode == 0, line.stderr
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["run"] == toy_run.name
    assert [layer["layer"] for layer in found["layers"]].count("head") == 1
    assert [list(layer["schemes"]) for layer in found["layers"]] == [["int4"]] * 3
    assert len(found["notes"]) == 1, "told once and not per layer"
    assert "not kept any more" in found["notes"][0]
    assert found["notes"][0] in " ".join(line.stdout.split())


def test_what_cannot_be_measured_is_refused(checkout: Path, toy_run: Path, tmp_path: Path) -> None:
    for arguments, said in (
        ((tmp_path / "nowhere.toml", "--runs", tmp_path), "There is no recipe "),
        (("nowhere", "--runs", tmp_path), 'There is no run "nowhere"'),
        ((toy_run, "--variant", "int9"), 'There is no variant "int9". Did you mean "int8"?'),
        ((toy_run, "--variant", "float16"), '"float16"'),
        ((toy_run, "--scheme", "int2"), 'There is no scheme "int2". Did you mean "int'),
        ((toy_run, "--images", "0"), "name a number from 1"),
    ):
        refused = done(checkout, *arguments)
        assert refused.returncode == 2, refused
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_ctrl_c_ends_it_with_130(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    path = written(tmp_path, tiny(heart_folder))
    child = subprocess.Popen(
        command(checkout, path, "--runs", tmp_path / "runs"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + MEASURE_S
    engines: list[psutil.Process] = []
    while not engines and time.monotonic() < deadline:
        inside = psutil.Process(child.pid).children(recursive=True)
        engines = [one for one in inside if "--engine-child" in one.cmdline()]
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=MEASURE_S)
    assert child.returncode == 130, errors
    assert "Cancel" in errors
    assert "Traceback" not in errors
    psutil.wait_procs(engines, timeout=10)
    assert not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in engines)
