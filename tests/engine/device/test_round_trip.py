"""A bundle is packed, measured by its own program, and its results come back; this machine stands for the device."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.device.device_figures import device_figures
from engine.device.kept_results import kept_results
from engine.measurement.clean_process import measure_in_clean_process
from engine.measurement.measurement_job import LatencyJob
from tests.device_toy import FILES

Command = Callable[..., tuple[int, str, str]]
MEASURE_S = 240
RATIO_WITHIN = 0.15
POSIX = pytest.mark.skipif(os.name == "nt", reason="run.sh is for Linux and macOS")


def unpacked(command: Command, run: Path, folder: Path, *options: str) -> Path:
    """A bundle of the run, unpacked."""
    code, printed, errors = command("bundle", run, "--out", folder / "bundle.zip", *options)
    assert code == 0, errors
    assert "bring results.json back" in printed
    with zipfile.ZipFile(folder / "bundle.zip") as archive:
        archive.extractall(folder / "device")
    return folder / "device"


def measured(device: Path, *options: str, program: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    started = program or (sys.executable, "measure.py")
    return subprocess.run(
        [*started, *options], cwd=device, capture_output=True, text=True, timeout=MEASURE_S, check=False
    )


def started(device: Path, *options: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "measure.py", *options]
    return subprocess.Popen(arguments, cwd=device, stdout=subprocess.PIPE, text=True, start_new_session=True)


def children_of(process: int) -> list[int]:
    done = subprocess.run(["pgrep", "-g", str(process)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


def test_no_original_and_no_name_is_packed_and_every_file_has_its_hash(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path, "--images", "6")
    manifest = json.loads((device / "manifest.json").read_text())
    listed = {path.relative_to(device).as_posix() for path in device.rglob("*") if path.is_file()}
    assert listed == {*manifest["files"], "manifest.json", "ios/device.txt"}
    rows = (device_run / "split.csv").read_text().splitlines()[1:]
    names = {Path(row.split(",")[0]).name for row in rows}
    assert not any(name in (device / "manifest.json").read_text() for name in names)
    (images,) = manifest["image_sets"]
    assert (len(images["labels"]), set(images["labels"])) == (6, {0, 1})
    assert len((device / "README.txt").read_text().splitlines()) == 3


def test_names_are_packed_where_they_are_asked_for(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path, "--names", "--variants", "int8")
    manifest = json.loads((device / "manifest.json").read_text())
    assert manifest["image_sets"][0]["names"]
    assert [model["name"] for model in manifest["models"]] == ["baseline", "int8"]


def test_the_round_trip_agrees_with_this_machine(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path)
    done = measured(device, "--seconds", "1", "--name", "Desk Pi")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left" in done.stdout
    assert "for the evaluation set" in done.stdout
    code, printed, errors = device_command_line("import", device_run, device / "results.json")
    assert code == 0, errors
    assert "Desk Pi" in printed
    (kept,) = kept_results(device_run).measurements
    figures = device_figures(device_run, kept)
    assert [one.variant for one in figures] == list(FILES)
    tested = (device_run / "split.csv").read_text().count(",test")
    for one in figures:
        assert (one.error, one.differing, one.images, one.is_current) == ("", (), tested, True)
        assert one.load_ms
        assert one.first_ms
        assert all(time.p50_ms <= time.p95_ms for time in one.latency.values())
        assert one.latency["1"].evaluation.is_measured
        assert one.latency["1"].many.seconds == pytest.approx(one.latency["1"].mean_ms * 10)
    assert kept.results.machine.runtime == "ai-edge-litert"
    # Once more: nothing is overwritten, and the same results are kept once.
    assert "had these results already" in device_command_line("import", device_run, device / "results.json")[1]
    assert len(kept_results(device_run).measurements) == 1
    assert "Desk Pi" in device_command_line("list", device_run)[1]


@pytest.mark.slow
@POSIX
def test_in_an_environment_of_its_own_the_ratios_are_those_of_the_run(
    device_run: Path, device_command_line: Command, tmp_path: Path, bare_python: str
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path)
    environment = {**os.environ, "PYTHON": bare_python}
    done = subprocess.run(
        ["sh", "run.sh"], cwd=device, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (device / "venv" / "ready").is_file()
    assert device_command_line("import", device_run, device / "results.json")[0] == 0
    (kept,) = kept_results(device_run).measurements
    files = {name: str(device_run / "models" / f"{name}.tflite") for name in FILES}
    here = measure_in_clean_process(LatencyJob(files=files, threads=1)).latencies
    for one in device_figures(device_run, kept):
        assert one.differing == ()
        assert one.latency["1"].ratio == pytest.approx(here[one.variant].ratio, rel=RATIO_WITHIN)


@POSIX
def test_a_measurement_that_is_interrupted_goes_on(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path, "--images", "4")
    for number in (signal.SIGINT, signal.SIGKILL):
        process = started(device, "--seconds", "2")
        assert process.stdout is not None
        for line in process.stdout:
            if "round 3" in line or "round 6" in line:
                break
        os.kill(process.pid, number)
        rest = process.stdout.read()
        assert process.wait(20) == (130 if number == signal.SIGINT else -signal.SIGKILL), rest
        deadline = time.monotonic() + 10
        while children_of(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert children_of(process.pid) == []
        assert not (device / "results.json").exists()
    kept = json.loads((device / "results.json.unfinished").read_text())
    done = measured(device, "--seconds", "2")
    assert done.returncode == 0, done.stdout
    assert f"{len(kept['rounds'])} rounds" in done.stdout
    results = json.loads((device / "results.json").read_text())
    assert results["resumed"] == 2
    assert len(results["rounds"]) == kept["planned"]
    assert device_command_line("import", device_run, device / "results.json")[0] == 0
    assert not (device / "results.json.unfinished").exists()


def test_what_another_device_left_is_not_gone_on_with(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path, "--images", "4", "--variants", "int8")
    assert measured(device, "--seconds", "0.1").returncode == 0
    state: dict[str, Any] = {"key": ["x"], "resumed": 0, "models": {}, "rounds": []}
    for left in (json.dumps(state), "{half"):
        (device / "results.json.unfinished").write_text(left)
        done = measured(device, "--seconds", "0.1")
        assert "it begins again" in done.stdout
        assert done.returncode == 0


def test_a_changed_bundle_is_not_measured(device_run: Path, device_command_line: Command, tmp_path: Path) -> None:
    device = unpacked(device_command_line, device_run, tmp_path, "--images", "4")
    file = next((device / "models").glob("*int8*"))
    file.write_bytes(file.read_bytes()[:-1])
    done = measured(device)
    assert done.returncode == 2
    assert "not as it was packed" in done.stdout


def test_a_file_that_does_not_run_there_leaves_the_others(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path, "--images", "4")
    manifest = json.loads((device / "manifest.json").read_text())
    name = next(name for name in manifest["files"] if "dynamic" in name)
    # As a runtime that is older than the file sees it.
    content = b"no model at all" * 100
    (device / name).write_bytes(content)
    manifest["files"][name]["sha256"] = hashlib.sha256(content).hexdigest()
    (device / "manifest.json").write_text(json.dumps(manifest))
    done = measured(device, "--seconds", "0.1")
    assert done.returncode == 0, done.stdout
    assert "dynamic range: does not run here" in done.stdout
    assert "int8, 1 thread" in done.stdout


def test_on_aarch64_the_answers_are_those_of_this_machine(
    device_run: Path, device_command_line: Command, tmp_path: Path, arm64_python: Path
) -> None:
    device = unpacked(device_command_line, device_run, tmp_path)
    done = subprocess.run(
        ["sh", "run.sh", "--seconds", "0.1"],
        cwd=device,
        env={**os.environ, "PYTHON": str(arm64_python)},
        capture_output=True,
        text=True,
        timeout=MEASURE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert device_command_line("import", device_run, device / "results.json")[0] == 0
    (kept,) = kept_results(device_run).measurements
    assert kept.results.machine.architecture == "aarch64"
    assert all(one.differing == () and one.error == "" for one in device_figures(device_run, kept))


def test_wheels_are_packed_for_a_device_without_a_network(
    device_run: Path, device_command_line: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    asked = ("bundle", device_run, "--images", "2", "--wheels", folder, "--out", tmp_path / "bundle.zip")
    code, _, errors = device_command_line(*asked)
    assert (code, "no .whl files" in errors) == (2, True)
    (folder / "some-1.0-py3-none-any.whl").write_bytes(b"wheel")
    assert device_command_line(*asked)[0] == 0
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        assert archive.read("wheels/some-1.0-py3-none-any.whl") == b"wheel"
        assert "wheels/some-1.0-py3-none-any.whl" in json.loads(archive.read("manifest.json"))["files"]


def test_what_cannot_be_packed_has_a_sentence(device_run: Path, device_command_line: Command, tmp_path: Path) -> None:
    out = tmp_path / "bundle.zip"
    for asked, sentence in (
        (("--images", "0"), "needs one test image"),
        (("--variants", "int9"), 'Did you mean "int8"?'),
        (("--wheels", tmp_path / "none"), "There is no folder"),
        (("--out", tmp_path), "is a folder; name a file in it"),
    ):
        code, _, errors = device_command_line("bundle", device_run, "--out", out, *asked)
        assert (code, sentence in errors) == (2, True), errors
    file = device_run / "models" / "int8.tflite"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    code, _, errors = device_command_line("bundle", device_run, "--out", out)
    assert (code, "not the file that the run wrote" in errors) == (2, True), errors
    assert not out.exists()
