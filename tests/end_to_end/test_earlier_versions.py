"""Runs that earlier versions have written are verified, compared and told by this one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.contract.errors import DataError
from engine.inspection.run_models import InspectedRun
from engine.inspection.said_feeding import understood_feeding
from engine.measurement.tflite_file import TfliteFile
from engine.report.reported_run import read_run
from engine.store.kept_format import RUN_FORMAT
from engine.store.run_format import note_run_format, run_format
from engine.verification.finished_run import FinishedRun
from tests.earlier_runs import FIRST, SECOND, THIRD, VERSIONS, earlier_runs, only_run
from ui.terminal.command_line import command_line


def no_window(*_: object) -> int:
    raise AssertionError("no window is wanted")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_figure_holds(version: str, tmp_path: Path) -> None:
    locations = earlier_runs(version, tmp_path / "runs")
    written = tmp_path / "verified.json"
    name = only_run(locations).name
    arguments = ["verify", name, "--runs", str(locations.root), "--json", str(written)]
    assert command_line(arguments, no_window) == 0
    verified = json.loads(written.read_text(encoding="utf-8"))
    groups = [group["outcome"] for variant in verified["variants"] for group in variant["groups"]]
    assert len(groups) >= 10
    assert "does not hold" not in groups
    assert run_format(only_run(locations)) == RUN_FORMAT.version


def test_they_are_compared_with_each_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [only_run(earlier_runs(version, tmp_path / version)) for version in VERSIONS]
    written = tmp_path / "compared.json"
    assert command_line(["compare", *map(str, runs), "--json", str(written)], no_window) == 0
    compared = json.loads(written.read_text(encoding="utf-8"))
    assert {run.name for run in runs} == {Path(run).name for run in compared["runs"].values()}
    assert "earlier study" in capsys.readouterr().out


@pytest.mark.parametrize("version", VERSIONS)
def test_reports_and_inspection_read_them(version: str, tmp_path: Path) -> None:
    run = only_run(earlier_runs(version, tmp_path / "runs"))
    reported = read_run(run)
    assert [variant.chain for variant in reported.variants] == ["baseline", "P"]
    assert (reported.unfinished, reported.failed_stages) == ("", {})
    assert not any("version" in warning for warning in reported.warnings)
    kinds = [one.kind for one in reported.variants[-1].evidence]
    assert kinds == ["pruning_rounds", "calibration"]
    inspected = InspectedRun.open(run)
    assert [model.name for model in inspected.models] == ["baseline", "P"]
    assert inspected.test_images


def test_one_of_a_later_version_is_refused_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    later = only_run(earlier_runs(THIRD, tmp_path / "later"))
    note_run_format(later, RUN_FORMAT.version + 1)
    other = only_run(earlier_runs(SECOND, tmp_path / "other"))
    sentence = f"A later version of Nutshell has written the run folder {later}; update the program to open it.\n"
    out = str(tmp_path / "out")
    for arguments in (
        ["verify", str(later)],
        ["compare", str(other), str(later)],
        ["report", str(later), "--out", out],
        ["inspect", str(later), "--out", out],
        ["sensitivity", str(later)],
    ):
        assert command_line(arguments, no_window) == 2
        assert capsys.readouterr().err.endswith(sentence)
    assert not Path(out).exists()


def test_a_recipe_of_a_later_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "later.toml"
    recipe.write_text('schema = 2\nname = "n"\nshape = "new"\n', encoding="utf-8")
    assert command_line(["check", str(recipe)], no_window) == 2
    assert capsys.readouterr().err == (
        "later.toml: schema = 2 cannot be used: a later version of Nutshell has written the recipe, and this one reads "
        "schema = 1; update the program to open it.\n"
    )


def test_the_results_of_the_first_version_are_as_it_printed_them(tmp_path: Path) -> None:
    run = only_run(earlier_runs(FIRST, tmp_path / "runs"))
    lines = (run / "events.jsonl").read_bytes().splitlines()
    printed = next(json.loads(line) for line in lines if b'"run_finished"' in line)["result"]["variants"]
    finished = FinishedRun.open(str(run), tmp_path)
    assert finished.is_result_intact
    for before, after in zip(printed, finished.result.variants, strict=True):
        now = after.model_dump(mode="json", by_alias=True)
        assert {key: now[key] for key in before} == before


def test_a_feeding_description_of_a_later_version_is_refused(tmp_path: Path) -> None:
    run = only_run(earlier_runs(THIRD, tmp_path / "runs"))
    file = TfliteFile.parse((run / "models" / "P.tflite").read_bytes())
    said = (run / "models" / "P.json").read_text(encoding="utf-8")
    assert understood_feeding(said, file, "P.json").classes
    with pytest.raises(DataError, match=r"A later version of Nutshell has written the feeding description P\.json"):
        understood_feeding(json.dumps({**json.loads(said), "format": 2}), file, "P.json")
