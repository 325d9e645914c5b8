"""The command line on a small study: its JSON, its reuse, its exit codes, and what a kill and a cancel leave."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sklearn import metrics

from engine.contract.events import EpochFinished, parse_event
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.measurement.tflite_file import TfliteFile
from tests.small_study import small_recipe
from tests.tensorboard_reader import curves
from ui.terminal.command_line import command_line

VARIANT_KEYS = {
    "chain", "steps", "file", "accuracy", "accuracy_ci95", "agreement", "model_bytes", "zip_bytes", "parameters",
    "nonzero_parameters", "trainable_parameters", "sparsity_fraction", "unique_weights", "macs", "latency_p50_ms",
    "latency_p95_ms", "peak_memory_bytes", "epoch_seconds",
}  # fmt: skip
RUN_S = 300
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


def command(checkout: Path, *arguments: object) -> list[str]:
    return [sys.executable, str(checkout / "main.py"), *map(str, arguments)]


def run(checkout: Path, *arguments: object, timeout_s: float = RUN_S) -> subprocess.CompletedProcess[str]:
    started = command(checkout, *arguments)
    return subprocess.run(started, capture_output=True, text=True, timeout=timeout_s, check=False)


def write_recipe(path: Path, recipe: Recipe) -> Path:
    path.write_text(recipe_text(recipe), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def study(finished_study: dict[str, Any]) -> dict[str, Any]:
    """One finished run: its folder, its recipe, what it printed and its JSON."""
    return finished_study


def test_the_markdown_page_has_a_row_a_variant_and_names_the_machine(study: dict[str, Any]) -> None:
    lines = study["markdown"].splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| ")][2:]
    variants = study["json"]["variants"]
    assert [row[0].lstrip("| ") for row in rows] == [variant["chain"] for variant in variants]
    assert [row[2].split()[0] for row in rows] == [f"{variant['accuracy']:.3f}" for variant in variants]
    assert len({len(row) for row in rows}) == 1
    assert variants[0]["cpu"] in study["markdown"]


def test_a_file_is_recommended_by_goal_on_the_terminal_and_in_markdown(study: dict[str, Any]) -> None:
    names = [variant["chain"] for variant in study["json"]["variants"]]
    title = "Which file to take, with an accuracy that is not measurably below the baseline's"
    assert title in " ".join(study["printed"].split())
    assert f"## {title}" in study["markdown"].splitlines()
    for goal in ("Smallest file", "Fastest", "Low-end service (size first, delay does not matter)"):
        (line,) = [line for line in study["markdown"].splitlines() if line.startswith(f"- **{goal}**: ")]
        assert line.removeprefix(f"- **{goal}**: ").split()[0] in names
        assert f"{goal}: " in " ".join(study["printed"].split())


def test_a_floor_that_is_no_share_is_refused(checkout: Path, study: dict[str, Any]) -> None:
    done = run(checkout, "run", study["recipe"], "--least-accuracy", "90")
    assert done.returncode == 2
    assert done.stderr == "The least accuracy is 90; give a share from 0 to 1, such as 0.9.\n"


def test_the_engine_leaves_in_order(study: dict[str, Any]) -> None:
    (log,) = (study["folder"] / "runs").glob("runs/*/engine.log")
    assert "Fatal" not in log.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("command_name", ["run", "check"])
def test_an_option_holds_on_either_side_of_the_command(
    command_name: str, checkout: Path, study: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ui.terminal import check_command, run_command
    from ui.terminal.command_line import command_line

    given: list[Path] = []
    monkeypatch.setattr(run_command, "run_command", lambda recipe, runs, *rest: given.append(runs) or 0)
    monkeypatch.setattr(check_command, "check_command", lambda recipe, runs: given.append(runs) or 0)
    before = ["--runs", str(tmp_path / "a"), command_name, "r.toml"]
    after = [command_name, "r.toml", "--runs", str(tmp_path / "b")]
    both = ["--runs", str(tmp_path / "a"), command_name, "r.toml", "--runs", str(tmp_path / "b")]
    for arguments in (before, after, both):
        assert command_line(arguments, lambda *_: 1) == 0
    assert given == [tmp_path / "a", tmp_path / "b", tmp_path / "b"]


def test_the_json_has_what_is_relied_on(study: dict[str, Any]) -> None:
    result = study["json"]
    assert result["schema"] == 1
    assert result["dataset"]["classes"] == ["normal", "sick"]
    assert [result["dataset"][split] for split in ("train", "validation", "test")] == [32, 8, 8]
    assert set(result["images"]) >= {"bytes_before", "bytes_after", "compression_ratio", "space_gain"}
    assert [variant["chain"] for variant in result["variants"]] == ["baseline", "PRN", "PRQ"]
    for variant in result["variants"]:
        assert set(variant) >= VARIANT_KEYS
        file = Path(result["directory"]) / variant["file"]
        assert file.stat().st_size == variant["model_bytes"]
        with zipfile.ZipFile(file) as carried:
            assert carried.read("feeding.json") == file.with_suffix(".json").read_bytes()
            assert carried.read("labels.txt").decode().split() == ["sick"]
    # 48 images, of which 32 are compared; 128 pixels become 48, and half of that is fed.
    assert result["images"]["resize_fidelity"]["images"] == 32
    assert result["images"]["jpeg_fidelity"] is None
    (setting,) = result["image_settings"]
    assert sum(setting["transform"]["energy_share"][0].values()) == pytest.approx(1)
    assert setting["transform"]["fed"]["psnr_db"]["mean"] < 40
    directory = Path(result["directory"])
    for name in ("recipe.toml", "split.csv", "dataset.json", "events.jsonl", "engine.log"):
        assert (directory / name).is_file(), name
    lines = (directory / "split.csv").read_text().splitlines()
    assert lines[0] == "path,label,split"
    assert len(lines) == 49


def test_the_files_hold_what_the_steps_promise(study: dict[str, Any]) -> None:
    directory = Path(study["json"]["directory"])
    paths = [directory / variant["file"] for variant in study["json"]["variants"]]
    baseline, pruned, quantised = map(TfliteFile.read, paths)
    assert baseline.sparsity_fraction < 0.01
    for file in (pruned, quantised):
        convolutions = [kernel for kernel in file.kernels if kernel.operator == "CONV_2D"]
        zeros = sum(kernel.zeros for kernel in convolutions) / sum(kernel.size for kernel in convolutions)
        assert zeros >= 0.749
    assert {kernel.dtype for kernel in quantised.kernels if kernel.size > 1024} == {"int8"}
    assert paths[2].stat().st_size < 0.4 * paths[0].stat().st_size


def test_a_shared_first_step_is_computed_once(study: dict[str, Any]) -> None:
    assert study["printed"].count("pruning 75 % in") == 1
    assert study["json"]["stages_computed"] == 3


def test_the_same_recipe_again_computes_nothing_and_says_so(study: dict[str, Any], checkout: Path) -> None:
    folder = study["folder"]
    again = run(checkout, "run", study["recipe"], "--runs", folder / "runs", "--json", folder / "again.json")
    assert again.returncode == 0, again.stderr
    assert "Nothing had to be computed" in again.stdout
    second = json.loads((folder / "again.json").read_text())
    assert (second["stages_computed"], second["stages_reused"]) == (0, 3)
    assert second["variants"] == study["json"]["variants"]
    # Stages that are reused are drawn as they were trained.
    first_curves, second_curves = (curves(Path(one["directory"])) for one in (study["json"], second))
    assert first_curves == second_curves
    assert len(first_curves) == 1 + 2 + 3
    told = [
        event
        for line in (Path(second["directory"]) / "events.jsonl").read_text().splitlines()
        if isinstance(event := parse_event(line), EpochFinished)
    ]
    drawn = [value for name in sorted(second_curves) for _, value in second_curves[name].get("loss/training", ())]
    assert drawn == [float(np.float32(event.loss)) for event in told]


def test_the_table_is_printed(study: dict[str, Any]) -> None:
    for word in ("accuracy", "baseline", "PRN", "PRQ", "1 thread"):
        assert word in study["printed"]


def test_check_plans_and_computes_nothing(study: dict[str, Any], checkout: Path, tmp_path: Path) -> None:
    done = run(checkout, "check", study["recipe"], "--runs", tmp_path / "runs")
    assert done.returncode == 0
    assert "Estimated time" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_check_tells_what_was_found_in_the_images(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    (tmp_path / "splits.csv").write_text("path,split\nnormal/000.png,train\n", encoding="utf-8")
    recipe = small_recipe(heart_folder)
    dataset = recipe.dataset.model_copy(update={"labels_csv": str(tmp_path / "splits.csv")})
    path = write_recipe(tmp_path / "study.toml", recipe.model_copy(update={"dataset": dataset}))
    done = run(checkout, "check", path, "--runs", tmp_path / "runs")
    assert done.returncode == 0, done.stderr
    assert "images have no split in splits.csv" in " ".join(done.stdout.split())


def test_check_counts_and_tells_what_a_run_would(checkout: Path, tmp_path: Path, heart_folder: Path) -> None:
    folder = tmp_path / "images"
    shutil.copytree(heart_folder, folder)
    first, second = sorted((folder / "sick").iterdir())[:2]
    (folder / "sick" / "copy.png").write_bytes(first.read_bytes())
    (folder / "sick" / "damaged.png").write_bytes(second.read_bytes()[:100])
    recipe = small_recipe(folder)
    dataset = recipe.dataset.model_copy(update={"duplicates": "drop"})
    training = recipe.training.model_copy(update={"epochs": 1})
    small = recipe.model_copy(update={"dataset": dataset, "training": training, "chains": ()})
    path = write_recipe(tmp_path / "study.toml", small)
    checked = run(checkout, "check", path, "--runs", tmp_path / "runs")
    ran = run(checkout, "run", path, "--runs", tmp_path / "runs")
    assert (checked.returncode, ran.returncode) == (0, 0), checked.stderr + ran.stderr
    told, printed = (" ".join(done.stdout.split()) for done in (checked, ran))
    counted = re.search(r"images: (\d+ train, \d+ validation, \d+ test); 1 copy left out; 1 unreadable", told)
    assert counted
    assert f"Images: {counted[1]}, 1 skipped, 1 copy left out" in printed
    # A long path is broken anywhere.
    assert "damaged.png:iscutoff" in "".join(checked.stdout.split())
    for one in (told, printed):
        assert re.search(r"1 image has the same pixels as .*, and is left out\.", one)


def test_check_says_of_many_images_that_their_pixels_were_not_looked_at(
    tmp_path: Path, heart_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ui.terminal.examined_images.MOST_EXAMINED", 10)
    path = write_recipe(tmp_path / "study.toml", small_recipe(heart_folder))
    assert command_line(["check", str(path), "--runs", str(tmp_path / "runs")], lambda *_: 1) == 0
    assert "Pixels were not looked at, as there are more than 10 images" in " ".join(capsys.readouterr().out.split())


def test_check_refuses_images_that_a_run_would_refuse(
    tmp_path: Path, heart_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says on the error stream how far it is, once it takes longer."""
    monkeypatch.setattr("ui.terminal.examined_images.SILENT_S", 0.0)
    shutil.copytree(heart_folder, tmp_path / "images")
    for file in (tmp_path / "images" / "sick").iterdir():
        file.write_bytes(file.read_bytes()[:100])
    path = write_recipe(tmp_path / "study.toml", small_recipe(tmp_path / "images"))
    assert command_line(["check", str(path), "--runs", str(tmp_path / "runs")], lambda *_: 1) == 2
    told = capsys.readouterr()
    assert 'The class "sick" has no readable image to train on' in " ".join(told.out.split())
    assert "Looking at the images" in told.err


def epochs_of(checkout: Path, recipe: Path, runs: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a run, and yield it after every epoch that its event log tells of."""
    child = subprocess.Popen(
        command(checkout, "run", recipe, "--runs", runs), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    seen, deadline = 0, time.monotonic() + RUN_S
    while child.poll() is None and time.monotonic() < deadline:
        for log in runs.glob("runs/*/events.jsonl"):
            epochs = [
                event for line in log.read_text().splitlines() if isinstance(event := parse_event(line), EpochFinished)
            ]
            if len(epochs) > seen:
                seen = len(epochs)
                yield child, seen
        time.sleep(0.05)
    yield child, -1


def engines_of(child: subprocess.Popen[str]) -> list[psutil.Process]:
    return [one for one in psutil.Process(child.pid).children(recursive=True) if "--engine-child" in one.cmdline()]


@POSIX
def test_a_killed_run_goes_on_and_ends_in_the_same_weights(
    study: dict[str, Any], checkout: Path, tmp_path: Path, heart_folder: Path
) -> None:
    runs = tmp_path / "runs"
    for child, epoch in epochs_of(checkout, study["recipe"], runs):
        if epoch == 1:
            (engine,) = engines_of(child)
            os.kill(engine.pid, signal.SIGKILL)
            _, errors = child.communicate(timeout=20)
            break
    assert child.returncode == 3
    assert "run the recipe again to resume" in errors
    done = run(checkout, "run", study["recipe"], "--runs", runs, "--json", tmp_path / "result.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    for before, after in zip(study["json"]["variants"], result["variants"], strict=True):
        first = TfliteFile.read(Path(study["json"]["directory"]) / before["file"])
        second = TfliteFile.read(Path(result["directory"]) / after["file"])
        for one, other in zip(first.kernels, second.kernels, strict=True):
            assert np.array_equal(one.values, other.values), one.name


@POSIX
def test_ctrl_c_ends_with_130_and_keeps_the_checkpoint(study: dict[str, Any], checkout: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for child, epoch in epochs_of(checkout, study["recipe"], runs):
        if epoch == 1:
            engines = engines_of(child)
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate(timeout=20)
            break
    assert child.returncode == 130
    assert "finished stage is kept" in errors
    assert not any(engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE for engine in engines)
    assert list((runs / "stages").glob("*.checkpoint"))


@POSIX
def test_the_engine_ends_within_five_seconds_of_its_parent(
    study: dict[str, Any], checkout: Path, tmp_path: Path
) -> None:
    for child, epoch in epochs_of(checkout, study["recipe"], tmp_path / "runs"):
        if epoch == 1:
            (engine,) = engines_of(child)
            child.kill()
            child.communicate(timeout=20)
            break
    started = time.monotonic()
    psutil.wait_procs([engine], timeout=5)
    assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
    assert time.monotonic() - started < 5


def test_a_finished_run_is_looked_into(study: dict[str, Any], checkout: Path, tmp_path: Path) -> None:
    runs, directory = study["folder"] / "runs", Path(study["json"]["directory"])
    done = run(checkout, "inspect", directory.name, "--runs", runs, "--out", tmp_path / "inside")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "inside" / "inspection.json").read_text())
    assert [variant["name"] for variant in record["variants"]] == ["PRN", "PRQ"]
    # The run kept what its files say of the test images.
    assert record["notes"] == []
    for variant, told in zip(record["variants"], study["json"]["variants"][1:], strict=True):
        assert (variant["model_bytes"], variant["zipped_bytes"]) == (told["model_bytes"], told["zip_bytes"])
        assert variant["matched_by"] == "order"
        assert variant["activation_maps"]["method"] == "cam"
        assert len(variant["notes"]) == 0
    assert len(record["figures"]) == 16


def test_predictions_are_those_of_whoever_feeds_the_files_by_their_json(study: dict[str, Any]) -> None:
    """And the figures are those of scikit-learn on the predictions that the run keeps."""
    directory, reader = Path(study["json"]["directory"]), Path(__file__).with_name("independent_reader.py")
    with np.load(directory / "predictions.npz") as kept:
        arrays = {name: kept[name] for name in kept.files}
    labels, classes = arrays["labels"], list(arrays["classes"])
    assert arrays["probabilities"].dtype == np.float32
    assert arrays["probabilities"].shape == (len(arrays["variants"]), len(labels), len(classes))
    for place, variant in enumerate(study["json"]["variants"]):
        assert variant["predictions"] == "predictions.npz"
        probabilities, predicted = arrays["probabilities"][place], arrays["predicted"][place]
        script = [sys.executable, str(reader), str(directory / variant["file"]), *arrays["paths"]]
        answered = subprocess.run(script, capture_output=True, text=True, timeout=RUN_S, check=True, cwd=directory)
        read = np.array([json.loads(line) for line in answered.stdout.splitlines()])
        # One image at a time on any number of threads; a float file's sums may be added in another order.
        np.testing.assert_allclose(read, probabilities, atol=1e-5)
        assert variant["accuracy"] == pytest.approx(np.mean(predicted == labels))
        assert variant["confusion"] == metrics.confusion_matrix(labels, predicted).tolist()
        assert variant["mcc"] == pytest.approx(metrics.matthews_corrcoef(labels, predicted))
        assert variant["auc"]["macro"] == pytest.approx(metrics.roc_auc_score(labels, probabilities[:, 1]))
        threshold = variant["threshold"]
        positive = probabilities[:, 1] >= threshold["value"]
        assert threshold["sensitivity"] == pytest.approx(metrics.recall_score(labels, positive))
        described = json.loads((directory / variant["file"]).with_suffix(".json").read_text())
        assert described["threshold"]["value"] == threshold["value"]
