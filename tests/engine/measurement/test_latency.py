"""How files are timed in turn."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.errors import NutshellError
from engine.measurement.latency import FEWEST_TURNS, LEAST_TURNS, MOST_TURNS, RUNS_A_TURN, time_in_turn
from tests.engine.measurement.conftest import SampleFiles


def test_far_more_arithmetic_takes_longer_beyond_doubt(sample_files: SampleFiles) -> None:
    paths = {name: sample_files.path(name) for name in ("float32", "large")}
    figures = time_in_turn(paths, threads=1, seconds_a_file=0.2)
    assert figures["large"].ratio_ci95[0] > 2
    assert figures["large"].p50_ms > 2 * figures["float32"].p50_ms
    assert figures["float32"].ratio_ci95 == (1, 1)
    turned = time_in_turn(dict(reversed(paths.items())), threads=1, seconds_a_file=0.2)
    assert list(turned) == ["large", "float32"]
    assert turned["float32"].ratio_ci95[1] < 0.5


@pytest.mark.parametrize(("seconds", "turns"), [(0.0, FEWEST_TURNS), (1000.0, MOST_TURNS)])
def test_there_are_enough_runs_and_not_too_many(sample_files: SampleFiles, seconds: float, turns: int) -> None:
    figures = time_in_turn({"one": sample_files.path("sigmoid")}, threads=1, seconds_a_file=seconds)["one"]
    assert figures.runs == turns * RUNS_A_TURN >= 30


def test_a_network_too_slow_for_all_its_turns_is_timed_in_fewer(
    sample_files: SampleFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.measurement.latency.MOST_SECONDS_A_FILE", 0.0)
    figures = time_in_turn({"one": sample_files.path("large")}, threads=1)["one"]
    assert figures.runs == LEAST_TURNS * RUNS_A_TURN


def test_a_file_of_integers_is_fed_integers(sample_files: SampleFiles) -> None:
    figures = time_in_turn({"one": sample_files.path("converter_int8_io")}, threads=2, seconds_a_file=0.1)["one"]
    assert figures.threads == 2
    assert np.isfinite([figures.p50_ms, figures.p95_ms]).all()


def test_a_missing_file_is_a_sentence(sample_files: SampleFiles) -> None:
    with pytest.raises(NutshellError, match=r"gone\.tflite"):
        time_in_turn({"one": sample_files.folder / "gone.tflite"}, threads=1)
