"""Joules per inference are found in a meter's curve, whatever its clock, and a curve that does not fit is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.contract.errors import DataError
from engine.device.bundle import AskedBundle, write_bundle
from engine.device.bundle_manifest import BundleRecord
from engine.device.device_figures import device_figures
from engine.device.device_results import DeviceResults
from engine.device.energy import aligned_energy
from engine.device.power_log import PowerLog
from engine.device.result_import import import_results
from tests.device_toy import FILES
from tests.written_results import results_of, sealed

BEGAN = 1_772_375_100.0
IDLE_W = 2.0
WATTS = {"baseline": 5.0, "dynamic range": 4.5, "int8": 3.5}
INFERENCES = {"baseline": 1000, "dynamic range": 1200, "int8": 4000}
BUSY_S = 10.0


def metered(record: BundleRecord) -> dict[str, Any]:
    """Results with a time of rest and a time of work for each file."""
    found, now = results_of(record), BEGAN
    for place, name in enumerate(FILES):
        rest = 5.0 * (1 + place % 3 / 2)
        found["idle"].append({"began": now, "ended": now + rest})
        # The process starts and warms up.
        now += rest + 1.3
        found["energy"].append(
            {"model": name, "threads": 1, "began": now, "ended": now + BUSY_S, "inferences": INFERENCES[name]}
        )
        now += BUSY_S + 0.2
    return sealed(found)


def curve(results: dict[str, Any], every_s: float = 0.1, before_s: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """What a meter sees on the device's clock, with noise."""
    times = np.arange(BEGAN - before_s, results["energy"][-1]["ended"] + before_s, every_s)
    watts = np.full(len(times), IDLE_W)
    for span in results["energy"]:
        watts[(times >= span["began"]) & (times < span["ended"])] = WATTS[span["model"]]
    return times, watts + np.random.default_rng(3).normal(0, 0.05, len(times))


@pytest.fixture
def record(device_run: Path, tmp_path: Path) -> BundleRecord:
    written = write_bundle(AskedBundle(str(device_run), images=6), tmp_path / "bundle.zip", device_run.parents[1])
    found = BundleRecord.of(device_run, written.manifest.bundle)
    assert found is not None
    return found


def parsed(results: dict[str, Any]) -> DeviceResults:
    return DeviceResults.model_validate_json(json.dumps(results))


CLOCKS: dict[str, Callable[[float], str]] = {
    "since 1970": lambda moment: f"{moment:.3f}",
    "relative": lambda moment: f"{moment - BEGAN + 500:.3f}",
    "written": lambda moment: datetime.fromtimestamp(moment, UTC).isoformat(),
    "40 s late": lambda moment: f"{moment + 40:.3f}",
    "a day late": lambda moment: f"{moment + 86_400:.3f}",
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_joules_are_those_of_the_curve_whatever_the_clock(clock: str, record: BundleRecord, tmp_path: Path) -> None:
    results = metered(record)
    times, watts = curve(results)
    rows = [f"{CLOCKS[clock](moment)},{value:.4f}" for moment, value in zip(times, watts, strict=True)]
    (tmp_path / "meter.csv").write_text("time,watts\n" + "\n".join(rows) + "\n")
    found = aligned_energy(parsed(results), PowerLog.read(tmp_path / "meter.csv"))
    for name in FILES:
        figures = found.figures[name, 1]
        assert figures.joules == pytest.approx(WATTS[name] * BUSY_S / INFERENCES[name], rel=0.02)
        assert figures.joules_above_idle == pytest.approx((WATTS[name] - IDLE_W) * BUSY_S / INFERENCES[name], rel=0.04)
        assert figures.idle_watts == pytest.approx(IDLE_W, rel=0.02)
    assert found.match > 0.9


def test_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    rows = "\n".join(f"{number},5;3,25" for number in range(30))
    (tmp_path / "meter.csv").write_text(f"Zeit;Watt\n{rows}\n")
    log = PowerLog.read(tmp_path / "meter.csv")
    assert (log.seconds[1], log.watts[1], log.is_absolute) == (1.5, 3.25, False)


def test_it_is_kept_with_the_results_and_told(
    device_run: Path, record: BundleRecord, tmp_path: Path, device_command_line: Callable[..., tuple[int, str, str]]
) -> None:
    results = metered(record)
    (tmp_path / "results.json").write_text(json.dumps(results))
    times, watts = curve(results)
    meter = tmp_path / "meter.csv"
    meter.write_text("\n".join(f"{moment:.3f},{value:.4f}" for moment, value in zip(times, watts, strict=True)))
    code, printed, errors = device_command_line("import", device_run, tmp_path / "results.json", "--power", meter)
    assert code == 0, errors
    assert "J per image" in printed
    kept = import_results(str(device_run), tmp_path / "results.json", device_run.parents[1]).kept
    assert kept.power is not None
    assert kept.power.read_bytes() == meter.read_bytes()
    assert all(1 in one.energy for one in device_figures(device_run, kept))
    # Another curve does not take its place.
    meter.write_text(meter.read_text() + f"\n{times[-1] + 1:.3f},2.0")
    code, _, errors = device_command_line("import", device_run, tmp_path / "results.json", "--power", meter)
    assert (code, "it stays" in errors) == (2, True)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "0 rows"),
        ("time,watts\n1,2\n", "1 rows"),
        ("time,watts\n1,2\nx,3\n", "line 3: a time and watts are wanted"),
        ("1,nan\n2,nan\n", "line 2: a time and watts"),
        ("time,volts,watts\n1,5,2\n", "line 2: a time and watts are wanted and nothing else"),
        ("\n".join(f"{30 - number},2" for number in range(30)), "do not rise at value 2"),
        ("\n".join(f"{number},2" for number in range(300)), "do not rise and fall with the measurement"),
        ("\n".join(f"{number},2" for number in range(25)), "recorded for 24 s"),
    ],
)
def test_what_does_not_fit_has_a_sentence(text: str, sentence: str, record: BundleRecord, tmp_path: Path) -> None:
    (tmp_path / "meter.csv").write_text(text)
    with pytest.raises(DataError) as error:
        aligned_energy(parsed(metered(record)), PowerLog.read(tmp_path / "meter.csv"))
    assert sentence in str(error.value)


def test_a_meter_that_is_too_slow_is_told(record: BundleRecord, tmp_path: Path) -> None:
    results = metered(record)
    times, watts = curve(results, every_s=4.0)
    (tmp_path / "meter.csv").write_text(
        "\n".join(f"{moment},{value}" for moment, value in zip(times, watts, strict=True))
    )
    with pytest.raises(DataError, match="fewer than three values"):
        aligned_energy(parsed(results), PowerLog.read(tmp_path / "meter.csv"))


def test_results_without_times_for_a_meter_are_told(record: BundleRecord, tmp_path: Path) -> None:
    (tmp_path / "meter.csv").write_text("\n".join(f"{number},2" for number in range(300)))
    with pytest.raises(DataError, match="hold no times for a power meter"):
        aligned_energy(parsed(results_of(record)), PowerLog.read(tmp_path / "meter.csv"))


def test_a_real_measurement_tells_its_times_for_a_meter(
    device_run: Path, tmp_path: Path, device_command_line: Callable[..., tuple[int, str, str]]
) -> None:
    asked = ("--images", "4", "--variants", "int8")
    assert device_command_line("bundle", device_run, "--out", tmp_path / "bundle.zip", *asked)[0] == 0
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "device")
    command = [sys.executable, "measure.py", "--seconds", "0.1", "--energy", "1", "--threads", "1"]
    subprocess.run(command, cwd=tmp_path / "device", check=True, capture_output=True, timeout=120)
    results = json.loads((tmp_path / "device" / "results.json").read_text())
    assert [one["model"] for one in results["energy"]] == ["baseline", "int8"]
    for span, rest in zip(results["energy"], results["idle"], strict=True):
        assert rest["began"] < rest["ended"] <= span["began"]
        assert 1 <= span["ended"] - span["began"] < 3
        assert span["inferences"] > 100
    # A meter that sees them, one second late.
    times = np.arange(results["idle"][0]["began"] - 3, results["energy"][-1]["ended"] + 5, 0.05)
    watts = np.full(len(times), IDLE_W)
    for span in results["energy"]:
        watts[(times >= span["began"]) & (times < span["ended"])] = WATTS[span["model"]]
    rows = [f"{moment + 1:.3f},{value}" for moment, value in zip(times, watts, strict=True)]
    (tmp_path / "meter.csv").write_text("\n".join(rows))
    code, printed, errors = device_command_line(
        "import", device_run, tmp_path / "device" / "results.json", "--power", tmp_path / "meter.csv"
    )
    assert code == 0, errors
    assert printed.count("J per image") == 2
