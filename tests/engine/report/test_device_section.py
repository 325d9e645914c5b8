"""A report tells what other devices measured, and what they answered otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.device.bundle import AskedBundle, write_bundle
from engine.device.bundle_manifest import BundleRecord
from engine.device.result_import import import_results
from engine.report.content import BulletList, Prose, ReportTable
from engine.report.device_section import device_section
from engine.report.reported_run import read_run
from engine.report.run_report import write_report
from tests.written_results import results_of, sealed


@pytest.fixture
def record(device_run: Path, tmp_path: Path) -> BundleRecord:
    written = write_bundle(AskedBundle(str(device_run), images=6), tmp_path / "bundle.zip", device_run.parents[1])
    record = BundleRecord.of(device_run, written.manifest.bundle)
    assert record is not None
    return record


def test_a_run_that_no_other_device_measured_has_no_such_section(device_run: Path) -> None:
    assert device_section(read_run(device_run), "") is None


def test_times_ratios_and_other_answers_are_told(device_run: Path, record: BundleRecord, tmp_path: Path) -> None:
    body = results_of(record)
    answers = body["models"][2]["answers"]
    answers["predicted"][1] = 1 - answers["predicted"][1]
    (tmp_path / "results.json").write_text(json.dumps(sealed(body)), encoding="utf-8")
    import_results(str(device_run), tmp_path / "results.json", device_run.parents[1])
    section = device_section(read_run(device_run), "")
    assert section is not None
    prose, table, said = section.blocks
    assert isinstance(prose, Prose)
    assert prose.text.startswith("Toy board: Cortex-A72, 4 cores, aarch64; Linux 6.1.0, ai-edge-litert 2.3.0.")
    assert "in 3 rounds, in turn" in prose.text
    assert isinstance(table, ReportTable)
    assert table.heads[1:3] == ("1 thread\np50 (ms)", "1 thread\n× baseline (95 % CI)")
    assert "in the same rounds" in table.caption
    first, second, third = table.rows
    assert (first[1], first[2][:4]) == ("1.00", "1.00")
    assert (second[1], second[2][:4]) == ("2.00", "2.00")
    assert (second[-1], third[-1]) == ("6 of 6", "5 of 6")
    assert isinstance(said, BulletList)
    assert said.items == ("int8 gives 1 of 6 another class there than here: image 1.",)


def test_it_stands_in_the_report(device_run: Path, record: BundleRecord, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results_of(record)), encoding="utf-8")
    import_results(str(device_run), tmp_path / "results.json", device_run.parents[1])
    write_report([device_run], tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "On other devices" in page
    assert "Toy board" in page
    assert "latency on another device" not in page
    assert (tmp_path / "report" / "tables" / "device-1.csv").is_file()
