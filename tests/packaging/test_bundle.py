"""The built program does what the checkout does, with no Python of the system: run with --bundle.

`NUTSHELL_BUNDLE` names the folder of a bundle that is there; else one is built, which takes ten minutes or more.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.bare_system import can_hide, replaced
from tests.small_study import draw_class_folders

pytestmark = [pytest.mark.bundle, pytest.mark.timeout(3600)]
LONGEST_S = 3000
MOST_BYTES = 1.6e9
MOST_START_S = 1.5
MOST_IDLE_BYTES = 250e6
BROUGHT_ALONG = (
    "libsqlite3.so.0",
    "libffi.so.8",
    "libssl.so.3",
    "libcrypto.so.3",
    "libbz2.so.1.0",
    "libxcb-cursor.so.0",
)
PER_CLASS = 800
"""Enough for images to be decoded in processes of their own."""

RECIPE = """
schema = 1
name = "{name}"
[dataset]
kind = "image_folder"
path = '{images}'
limit_per_class = {limit}
[images]
size = 16
color = "grayscale"
[backbone]
kind = "resnet8"
width = 0.25
[training]
epochs = 2
"""
CHAINS = """
[[chains]]
name = "PCQAT"
steps = [
  { step = "magnitude_pruning", sparsity = 0.75, epochs = 1 },
  { step = "weight_clustering", clusters = 8, epochs = 1 },
  { step = "quantization_aware_training", epochs = 1 },
  { step = "post_training_quantization", scheme = "int8" },
]
[[chains]]
name = "learned"
steps = [{ step = "post_training_quantization", scheme = "int8", calibration = "mse", rounding = "adaptive" }]
[[chains]]
name = "wide"
steps = [{ step = "post_training_quantization", scheme = "int16x8" }]
"""
SEARCH = """
[[chains]]
name = "PQ"
steps = [
  { step = "magnitude_pruning", sparsity = 0.8, epochs = 1 },
  { step = "post_training_quantization", scheme = "dynamic_range" },
]
[search]
objectives = ["validation_accuracy", "zip_bytes"]
trials = 2
[search.vary]
"chains.PQ.0.sparsity" = { low = 0.3, high = 0.95 }
"""


@dataclass(frozen=True)
class BuiltProgram:
    """The program of a bundle, as a user without Python starts it."""

    folder: Path
    home: Path

    def run(self, *arguments: object, code: int = 0) -> str:
        """What it printed; its exit code is as expected, and it says nothing of Python's.

        Libraries that it brings along are hidden where the system has them too: its children must find their own.
        """
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen"}
        command = [str(self.folder / "nutshell"), *map(str, arguments)]
        if can_hide():
            command = replaced(_also_of_the_system(), *command)
        done = subprocess.run(
            command, cwd=self.home, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout


def _also_of_the_system() -> dict[str, str]:
    listed = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^\s*(\S+) \(.*=> (\S+)$", listed, re.MULTILINE)
    return {str(Path(path).resolve()): os.devnull for name, path in found if name in BROUGHT_ALONG}


@pytest.fixture(scope="module")
def program(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> BuiltProgram:
    home = tmp_path_factory.mktemp("home")
    if given := os.environ.get("NUTSHELL_BUNDLE"):
        return BuiltProgram(Path(given).absolute(), home)
    out = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, "resources/packaging/build_bundle.py", str(out), "--without-packages"]
    subprocess.run(command, cwd=checkout, check=True, timeout=LONGEST_S)
    return BuiltProgram(out / "nutshell", home)


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recipes")
    images = draw_class_folders(folder / "images", PER_CLASS)
    texts = {"chains": (CHAINS, 0), "search": (SEARCH, 60)}
    for name, (text, limit) in texts.items():
        head = RECIPE.format(name=name, images=images, limit=limit)
        (folder / f"{name}.toml").write_text(head + text, encoding="utf-8")
    return {name: folder / f"{name}.toml" for name in texts}


@pytest.fixture(scope="module")
def run(program: BuiltProgram, recipes: dict[str, Path]) -> dict[str, Any]:
    """The JSON of a run of the built program."""
    result = program.home / "result.json"
    program.run("run", recipes["chains"], "--runs", program.home / "runs", "--json", result)
    found: dict[str, Any] = json.loads(result.read_text("utf-8"))
    return found


def test_it_is_not_too_large_and_says_what_it_holds(program: BuiltProgram) -> None:
    contents = json.loads((program.folder / "bundle-contents.json").read_text("utf-8"))
    sizes = [path.lstat().st_size for path in program.folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(sizes) <= MOST_BYTES
    held = {one["name"]: one["version"] for one in contents["distributions"]}
    assert {"tensorflow", "tf_keras", "ai-edge-litert", "PySide6_Essentials", "typst"} <= held.keys()
    assert not {"keras", "libclang", "tensorboard", "pytest"} & held.keys()


def test_its_files_are_those_of_the_checkout(
    run: dict[str, Any], recipes: dict[str, Path], checkout: Path, tmp_path: Path
) -> None:
    result = tmp_path / "result.json"
    command = [sys.executable, "main.py", "run", str(recipes["chains"]), "--runs", str(tmp_path), "--json", str(result)]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True, timeout=LONGEST_S)
    other = json.loads(result.read_text("utf-8"))
    assert {one["chain"] for one in run["variants"]} == {"baseline", "PCQAT", "learned", "wide"}
    for mine, theirs in zip(run["variants"], other["variants"], strict=True):
        here, there = Path(run["directory"]) / mine["file"], Path(other["directory"]) / theirs["file"]
        assert here.read_bytes() == there.read_bytes(), mine["chain"]
        assert mine["accuracy"] == theirs["accuracy"]
    log = (Path(run["directory"]) / "engine.log").read_text("utf-8")
    assert "AutoGraph" not in log


def test_every_command_works_on_its_run(program: BuiltProgram, run: dict[str, Any], recipes: dict[str, Path]) -> None:
    runs = ("--runs", program.home / "runs")
    out = program.home / "out"
    assert "PCQAT" in program.run("check", recipes["chains"], *runs)
    program.run("verify", run["run"], *runs)
    program.run("report", run["run"], "--out", out / "report", *runs)
    assert (out / "report" / "report.pdf").read_bytes().startswith(b"%PDF")
    assert "nutshell run" in (out / "report" / "report.html").read_text("utf-8")
    assert list((out / "report" / "figures").glob("*.svg"))
    program.run("inspect", run["run"], "--variant", "learned", "--out", out / "inspect", *runs)
    assert (out / "inspect" / "inspection.json").is_file()
    program.run("sensitivity", run["run"], "--images", 20, "--scheme", "int8", *runs)
    model = Path(run["directory"]) / run["variants"][0]["file"]
    image = next((recipes["chains"].parent / "images" / "sick").glob("*.png"))
    program.run("classify", image, "--model", model, "--json", out / "answers.json")
    assert json.loads((out / "answers.json").read_text("utf-8"))
    assert "magnitude_pruning" in program.run("steps")
    assert "resnet18" in program.run("backbones")


def test_a_search_runs_and_compares(program: BuiltProgram, run: dict[str, Any], recipes: dict[str, Path]) -> None:
    runs, result = ("--runs", program.home / "runs"), program.home / "search.json"
    program.run("run", recipes["search"], "--json", result, *runs)
    searched = json.loads(result.read_text("utf-8"))
    assert searched["search"]["front"]
    assert "PCQAT" in program.run("compare", run["run"], searched["run"], *runs)


def test_faults_are_told_as_in_a_checkout(program: BuiltProgram) -> None:
    assert program.run("run", program.home / "nowhere.toml", code=2) == ""
    assert "Nothing is wrong." in program.run("doctor", "--runs", program.home / "runs")


def test_it_tells_the_licences_of_all_that_it_holds(program: BuiltProgram) -> None:
    program.run("licences", "--json", program.home / "licences.json")
    told = {one["name"] for one in json.loads((program.home / "licences.json").read_text("utf-8"))["parts"]}
    contents = json.loads((program.folder / "bundle-contents.json").read_text("utf-8"))
    assert {one["name"] for one in contents["distributions"]} | {"Python"} <= told


def test_extensions_of_a_lab_are_found(program: BuiltProgram, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(program.folder / "nutshell"), "steps"]
    environment = {"PATH": "/usr/bin:/bin", "NUTSHELL_EXTENSIONS": str(checkout / "resources/examples/extension")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "kernel_norms" in done.stdout


@pytest.mark.skipif(not os.environ.get("DISPLAY"), reason="needs a display")
def test_the_window_opens_quickly_and_is_small(program: BuiltProgram) -> None:
    import statistics

    from start_figures import measure_start

    figures = measure_start([str(program.folder / "nutshell")], program.folder)
    print(f"\n{figures.text()}")
    assert statistics.median(figures.warm_s) <= MOST_START_S
    assert statistics.median(figures.pss_bytes) <= MOST_IDLE_BYTES
