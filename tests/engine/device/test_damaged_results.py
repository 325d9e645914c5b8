"""Whatever a results.json holds, a sentence says what is wrong with it, and the run is as it was."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.contract.errors import DataError
from engine.device.bundle import AskedBundle, write_bundle
from engine.device.bundle_manifest import BundleRecord
from engine.device.device_figures import device_figures
from engine.device.device_reports import device_reports
from engine.device.kept_results import kept_results
from engine.device.result_import import import_results
from engine.device.results_file import MOST_BYTES
from tests.written_results import results_of, sealed

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def bundle(device_run: Path, tmp_path: Path) -> BundleRecord:
    written = write_bundle(AskedBundle(str(device_run), images=6), tmp_path / "bundle.zip", device_run.parents[1])
    record = BundleRecord.of(device_run, written.manifest.bundle)
    assert record is not None
    return record


def imported(run: Path, file: Path) -> Any:
    return import_results(str(run), file, run.parents[1])


def snapshot(run: Path) -> dict[str, str]:
    files = (file for file in run.rglob("*") if file.is_file())
    return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_sound_results_are_kept_byte_for_byte(device_run: Path, bundle: BundleRecord, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results_of(bundle)))
    kept = imported(device_run, file).kept
    assert kept.file.read_bytes() == file.read_bytes()
    assert kept.file.name == "toy-board-20260301T142500Z.json"


def test_the_mark_that_some_editors_put_before_a_text_does_no_harm(
    device_run: Path, bundle: BundleRecord, tmp_path: Path
) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results_of(bundle)), encoding="utf-8-sig")
    assert imported(device_run, tmp_path / "results.json").is_new


def test_several_devices_and_dates_are_kept(device_run: Path, bundle: BundleRecord, tmp_path: Path) -> None:
    changes: list[Change] = [
        lambda found: None,
        lambda found: found["machine"].update(name="Other board"),
        lambda found: found.update(begun="2026-03-02T14:25:00Z"),
        # The same device at the same second: both stay.
        lambda found: found.update(resumed=3),
    ]
    for number, change in enumerate(changes):
        found = results_of(bundle)
        change(found)
        (tmp_path / f"{number}.json").write_text(json.dumps(sealed(found)))
        assert imported(device_run, tmp_path / f"{number}.json").is_new
    assert len(kept_results(device_run).measurements) == 4
    assert (device_run / "devices" / "toy-board-20260301T142500Z-2.json").is_file()


def span(model: str, began: float, ended: float) -> dict[str, Any]:
    return {"model": model, "threads": 1, "began": began, "ended": ended, "inferences": 10}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda found: found.update(kind="other"), "holds no results of a device"),
        (lambda found: found.update(format=2), "a later version of measure.py"),
        (lambda found: found.update(surprise=1), '"surprise" is not as measure.py writes it'),
        (lambda found: found.pop("machine"), '"machine" is not as'),
        (lambda found: found.update(bundle="../../../etc/passwd"), '"bundle" is not as'),
        (lambda found: found["models"][0]["latency"]["1"].update(p50_ms=-1), "p50_ms"),
        (lambda found: found["models"][0]["latency"]["1"].update(p50_ms="1"), "p50_ms"),
        (lambda found: found["models"][0]["latency"]["1"]["turns_ms"].pop(), "contradict each other"),
        (lambda found: found["models"][0]["answers"]["predicted"].pop(), "contradict each other"),
        (lambda found: found["models"].pop(), "tells of other files"),
        (lambda found: found["models"][0].update(sha256="0" * 64), "tells of other files"),
        (lambda found: found.update(run="20250101-000000-other-0000", bundle="0" * 16), "was measured for the run"),
        (lambda found: found.update(bundle="0" * 16), "does not know; make a bundle again"),
        (lambda found: found.update(begun="yesterday"), '"begun" is not as'),
        (lambda found: found.update(begun="0001-01-01T00:00:00+14:00"), '"begun" is not as'),
        (lambda found: found["models"][0]["latency"].update({"²": found["models"][0]["latency"]["1"]}), "latency"),
        (lambda found: found["models"][0]["latency"]["1"].update(turns_ms=[[]] * 3), "turns_ms"),
        (lambda found: found["models"][0]["answers"]["predicted"].__setitem__(0, 77), "no class of it"),
        (lambda found: found["models"][0]["answers"]["predicted"].__setitem__(0, -1), "predicted"),
        (lambda found: found["energy"].append(span("baseline", 1e9, 1e13)), "energy.0.ended"),
        (lambda found: found["energy"].append(span("baseline", 1e9, 1e9 + 30)), '"the whole" is not as'),
        (lambda found: found["rounds"].extend(found["rounds"] * 1_000_000), "MiB, far more"),
    ],
)
def test_each_fault_has_its_sentence(
    device_run: Path, bundle: BundleRecord, tmp_path: Path, change: Change, sentence: str
) -> None:
    found = results_of(bundle)
    change(found)
    file = tmp_path / "results.json"
    if len(found["rounds"]) > 1000:
        # Written as a stream would be, without a document of that size in memory.
        row = json.dumps(found["rounds"][0]) + ","
        file.write_text(row * (MOST_BYTES // len(row) + 1))
    else:
        file.write_text(json.dumps(sealed(found)))
    before = snapshot(device_run)
    with pytest.raises(DataError) as error:
        imported(device_run, file)
    assert sentence in str(error.value)
    assert snapshot(device_run) == before


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda text: text[: len(text) // 2], "cut off, or is no JSON"),
        (lambda text: "", "cut off, or is no JSON"),
        (lambda text: "[1]", "holds no results of a device"),
        (lambda text: "[" * 100_000, "cut off, or is no JSON"),
        (lambda text: text.replace('"load_ms": 2.0', '"load_ms": NaN', 1), "NaN, which is not a number"),
        (lambda text: text.replace('"load_ms": 2.0', '"load_ms": 1e999', 1), "load_ms"),
        (lambda text: text.replace('"load_ms": 2.0', '"load_ms": 1.0', 1), "checksum does not fit"),
        (lambda text: text.replace('"cores": 4', '"cores": 8', 1), "checksum does not fit"),
    ],
)
def test_damage_by_hand_is_found(
    device_run: Path, bundle: BundleRecord, tmp_path: Path, damage: Callable[[str], str], sentence: str
) -> None:
    text = json.dumps(results_of(bundle))
    damaged = damage(text)
    assert damaged != text
    file = tmp_path / "results.json"
    file.write_text(damaged)
    before = snapshot(device_run)
    with pytest.raises(DataError) as error:
        imported(device_run, file)
    assert sentence in str(error.value)
    assert str(file) in str(error.value)
    assert snapshot(device_run) == before


def test_a_million_rows_within_the_size_are_refused(device_run: Path, bundle: BundleRecord, tmp_path: Path) -> None:
    found = results_of(bundle)
    found["models"][0]["latency"]["1"]["turns_ms"] = [[1.0]] * 1_000_000
    file = tmp_path / "results.json"
    file.write_text(json.dumps(sealed(found)))
    with pytest.raises(DataError, match="turns_ms"):
        imported(device_run, file)


def test_what_was_kept_and_damaged_later_is_told_and_the_rest_shown(
    device_run: Path, bundle: BundleRecord, tmp_path: Path
) -> None:
    for day in ("01", "02"):
        found = sealed({**results_of(bundle), "begun": f"2026-03-{day}T14:25:00Z"})
        (tmp_path / f"{day}.json").write_text(json.dumps(found))
        imported(device_run, tmp_path / f"{day}.json")
    first = device_run / "devices" / "toy-board-20260301T142500Z.json"
    first.write_text(first.read_text()[:-40])
    found_all = kept_results(device_run)
    assert len(found_all.measurements) == 1
    assert "cut off" in found_all.troubles[0]
    assert first.is_file()


def test_a_kept_file_that_should_never_have_been_hides_nothing(
    device_run: Path, bundle: BundleRecord, tmp_path: Path
) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results_of(bundle)))
    imported(device_run, file)
    found = results_of(bundle)
    found["models"][0]["latency"]["²"] = found["models"][0]["latency"]["1"]
    (device_run / "devices" / "bad.json").write_text(json.dumps(sealed(found)))
    found_all = device_reports(device_run)
    assert [report.title for report in found_all.reports] == ["Toy board"]
    assert "bad.json is damaged" in found_all.troubles[0]


def test_other_answers_are_named_with_their_images(device_run: Path, bundle: BundleRecord, tmp_path: Path) -> None:
    found = copy.deepcopy(results_of(bundle))
    answers = found["models"][2]["answers"]["predicted"]
    answers[1], answers[4] = 1 - answers[1], 1 - answers[4]
    file = tmp_path / "results.json"
    file.write_text(json.dumps(sealed(found)))
    kept = imported(device_run, file).kept
    figures = device_figures(device_run, kept)
    assert [len(one.differing) for one in figures] == [0, 0, 2]
    assert [one.index for one in figures[2].differing] == [1, 4]
    assert figures[2].differing[0].path == bundle.paths[0][1]
    assert figures[2].agreement == pytest.approx(4 / 6)


def test_a_file_that_was_made_again_is_told(device_run: Path, bundle: BundleRecord, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results_of(bundle)))
    kept = imported(device_run, file).kept
    (device_run / "models" / "int8.tflite").write_bytes((device_run / "models" / "baseline.tflite").read_bytes())
    assert [one.is_current for one in device_figures(device_run, kept)] == [True, True, False]
