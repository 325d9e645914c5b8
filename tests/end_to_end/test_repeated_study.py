"""A study with three seeds and two chains from the command line, and a cross-validated one; then the window's view."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.comparison.comparison_record import ComparisonRecord
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import parse_event
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.target_settings import TargetSettings
from engine.contract.training_settings import TrainingSettings
from engine.figures.variant_figures import figures
from engine.inspection.run_models import InspectedRun
from engine.store.prediction_file import Predictions
from tests.end_to_end.test_command_line import run, write_recipe
from ui.dashboard.bar_rows import bar_rows
from ui.dashboard.curves_panel import CurvesPanel
from ui.dashboard.panels.repetitions import RepetitionsPanel
from ui.dashboard.repeated_stages import repeated_stages
from ui.shown_run import ShownRun
from ui.terminal.command_line import with_joined_seeds
from ui.theme import LIGHT

INT8 = {"step": "post_training_quantization", "scheme": "int8"}
PRUNED = {"step": "magnitude_pruning", "sparsity": 0.8, "epochs": 1}
SEEDS = (1, 2, 3)

STUDY = Recipe(
    name="three seeds",
    seeds=SEEDS,
    dataset=DatasetSettings(limit_per_class=24),
    images=ImageSettings(size=16, color="grayscale"),
    backbone=BackboneSettings(kind="resnet8", width=0.25),
    training=TrainingSettings(epochs=2, batch_size=8),
    chains=(ChainSettings(name="Q", steps=(INT8,)), ChainSettings(name="PQ", steps=(PRUNED, INT8))),
    target=TargetSettings(max_recall_drop={"sick": 0.25}),
)


@dataclass(frozen=True)
class Repeated:
    """What two runs of one study gave."""

    recipe: Path
    runs: Path
    first: dict[str, Any]
    again: dict[str, Any]
    said: str
    markdown: str


@pytest.fixture(scope="module")
def repeated(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Repeated:
    folder = tmp_path_factory.mktemp("seeds")
    recipe, runs = write_recipe(folder / "study.toml", STUDY), folder / "runs"
    results, done = [], None
    for name in ("first", "again"):
        files = ("--json", folder / f"{name}.json", "--markdown", folder / f"{name}.md")
        done = run(checkout, "run", recipe, "--runs", runs, *files)
        assert done.returncode == 0, done.stderr
        results.append(json.loads((folder / f"{name}.json").read_text()))
    assert done is not None
    return Repeated(recipe, runs, results[0], results[1], done.stdout, (folder / "again.md").read_text())


def test_three_baselines_and_six_chains_are_computed_once(repeated: Repeated) -> None:
    variants = repeated.first["variants"]
    assert [(one["chain"], one["seed"]) for one in variants] == [
        (chain, seed) for seed in SEEDS for chain in ("baseline", "Q", "PQ")
    ]
    assert len({one["file"] for one in variants}) == 9
    assert (repeated.first["stages_computed"], repeated.first["stages_reused"]) == (12, 0)
    assert (repeated.again["stages_computed"], repeated.again["stages_reused"]) == (0, 12)


def test_the_summary_is_of_the_variants(repeated: Repeated) -> None:
    summary = {one["chain"]: one for one in repeated.first["summary"]}
    assert list(summary) == ["baseline", "Q", "PQ"]
    for chain, one in summary.items():
        values = [v["accuracy"] for v in repeated.first["variants"] if v["chain"] == chain]
        assert one["accuracy"]["values"] == pytest.approx(values)
        assert one["accuracy"]["mean"] == pytest.approx(fmean(values))
        assert one["accuracy"]["deviation"] == pytest.approx(stdev(values))
        low, high = one["accuracy"]["ci95"]
        assert low <= fmean(values) <= high
        assert one["seeds"] == list(SEEDS)
    changes = [v["paired"]["difference"] for v in repeated.first["variants"] if v["chain"] == "PQ"]
    assert summary["PQ"]["difference"]["mean"] == pytest.approx(fmean(changes))
    assert summary["baseline"]["difference"] is None
    assert repeated.again["summary"][1]["accuracy"] == summary["Q"]["accuracy"]


def test_the_recall_of_a_class_is_held_against_the_target(repeated: Repeated) -> None:
    """The images that changed are those of the kept predictions; over the seeds it is judged once more."""
    directory = Path(repeated.first["directory"])
    for variant in repeated.first["variants"]:
        if variant["chain"] == "baseline":
            continue
        kept = Predictions.read(directory / variant["predictions"])
        sick = kept.labels == kept.classes.index("sick")
        ours, theirs = (
            kept.predicted[kept.place(name)][sick] == kept.labels[sick]
            for name in (f"{variant['chain']} ({variant['repeat']})", f"baseline ({variant['repeat']})")
        )
        found = variant["paired"]["recall"]["sick"]
        assert (found["images"], found["max_drop"]) == (int(sick.sum()), 0.25)
        assert (found["won"], found["lost"]) == (int((ours & ~theirs).sum()), int((theirs & ~ours).sum()))
        assert found["difference"] == pytest.approx(ours.mean() - theirs.mean())
        low, high = found["difference_ci95"]
        assert found["verdict"] == ("holds" if low > -0.25 else "does not hold" if high < -0.25 else "too few images")
        assert ('of recall of "sick"' in variant["note"]) == (found["verdict"] != "holds")
    over_seeds = repeated.first["summary"][1]["difference"]["recall"]["sick"]
    changes = [v["paired"]["recall"]["sick"]["difference"] for v in repeated.first["variants"] if v["chain"] == "Q"]
    assert over_seeds["mean"] == pytest.approx(fmean(changes))
    assert over_seeds["verdict"] in ("holds", "does not hold", "too few images")
    for said in (repeated.said, repeated.markdown):
        assert "Recall against the baseline" in said
        assert "loses at most 25 points" in said


def test_what_is_printed_of_a_class_is_verified(checkout: Path, repeated: Repeated, tmp_path: Path) -> None:
    name = Path(repeated.first["directory"]).name
    done = run(checkout, "verify", name, "--runs", repeated.runs, "--json", tmp_path / "v.json")
    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / "report"
    done = run(checkout, "report", name, "--runs", repeated.runs, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "recall of sick: " in (out / "report.html").read_text(encoding="utf-8")


def test_each_seed_has_the_split_and_the_images_that_its_figures_are_of(repeated: Repeated) -> None:
    directory = Path(repeated.first["directory"])
    variants = {(one["chain"], one["seed"]): one for one in repeated.first["variants"]}
    assert {one["split"] for one in variants.values()} == {"split.csv", "split-seed-2.csv", "split-seed-3.csv"}
    opened = InspectedRun.open(directory)
    for seed in SEEDS:
        variant = variants["Q", seed]
        with (directory / variant["split"]).open(newline="") as stream:
            tested = {row["path"] for row in csv.DictReader(stream) if row["split"] == "test"}
        seen = opened.seen_by(opened.model(f"Q (seed {seed})"))
        assert {image.path for image in seen.test_images} == tested
        assert seen.seed == seed
    assert len({variants["Q", seed]["predictions"] for seed in SEEDS}) == 3


def test_one_seed_alone_shares_its_stages(checkout: Path, repeated: Repeated, tmp_path: Path) -> None:
    alone = write_recipe(tmp_path / "alone.toml", STUDY.model_copy(update={"seeds": (), "seed": 2}))
    done = run(checkout, "run", alone, "--runs", repeated.runs, "--json", tmp_path / "alone.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "alone.json").read_text())
    assert (result["stages_computed"], result["stages_reused"], result["summary"]) == (0, 4, [])
    of_two = [one["accuracy"] for one in repeated.first["variants"] if one["seed"] == 2]
    assert [one["accuracy"] for one in result["variants"]] == of_two


def test_two_runs_are_compared_from_the_command_line(checkout: Path, repeated: Repeated, tmp_path: Path) -> None:
    """Both runs of the study have the same files, so each repetition is the other's equal on its own images."""
    names = [Path(one["directory"]).name for one in (repeated.first, repeated.again)]
    files = ("--json", tmp_path / "c.json", "--csv", tmp_path / "c.csv")
    done = run(checkout, "compare", *names, "--runs", repeated.runs, "--variant", "Q", "--time", *files)
    assert done.returncode == 0, done.stderr
    record = ComparisonRecord.model_validate_json((tmp_path / "c.json").read_text())
    assert len(record.variants) == 7
    first, again = record.runs
    assert first.startswith("three seeds (")
    assert record.baseline == f"{first}: baseline (seed 1)"
    found = {one.name: one for one in record.variants}
    ours, theirs = (found[f"{run}: Q (seed 1)"] for run in (first, again))
    assert ours.paired is not None
    assert theirs.paired is not None
    changed = (theirs.paired.won, theirs.paired.lost)
    assert (ours.paired.won, ours.paired.lost, ours.paired.p_value) == (*changed, theirs.paired.p_value)
    assert not found[f"{again}: Q (seed 2)"].same_test_images
    assert found[f"{again}: Q (seed 2)"].paired is None
    assert "was tested on other images than" in done.stdout
    assert all(one.timed_together and one.latency_ratio for one in record.variants)
    assert record.recipe_differences == ()
    with (tmp_path / "c.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["variant"] for row in rows] == [one.variant.name for one in record.variants]
    assert {row["paired_won"] for row in rows if row["same_test_images"] == "False"} == {""}


def test_means_of_repetitions_are_compared_as_one_row(checkout: Path, repeated: Repeated, tmp_path: Path) -> None:
    names = [Path(one["directory"]).name for one in (repeated.first, repeated.again)]
    done = run(checkout, "compare", *names, "--runs", repeated.runs, "--means", "--json", tmp_path / "c.json")
    assert done.returncode == 0, done.stderr
    record = ComparisonRecord.model_validate_json((tmp_path / "c.json").read_text())
    assert [one.variant.name for one in record.variants] == 2 * ["baseline", "Q", "PQ"]
    mean = repeated.first["summary"][1]
    (_, ours, _, _, theirs, _) = record.variants
    assert ours.variant.accuracy == pytest.approx(mean["accuracy"]["mean"])
    assert ours.mean_difference is not None
    assert ours.mean_difference.mean == pytest.approx(mean["difference"]["mean"])
    assert (ours.paired, theirs.paired, theirs.mean_difference) == (None, None, None)
    assert "are means over repetitions" in done.stdout


def test_tables_say_mean_and_deviation(repeated: Repeated) -> None:
    assert "Mean ± standard deviation over 3 seeds, each tested on images of its own" in repeated.said
    accuracy = next(one for one in repeated.first["summary"] if one["chain"] == "PQ")["accuracy"]
    text = f"{accuracy['mean']:.3f} ± {accuracy['deviation']:.3f}"
    assert text in repeated.said
    assert text in repeated.markdown
    assert "seeds 1, 2, 3" in repeated.markdown


def test_looking_inside_keeps_to_the_images_of_one_seed(checkout: Path, repeated: Repeated, tmp_path: Path) -> None:
    name = Path(repeated.first["directory"]).name
    more = ("--variant", "Q (seed 2)", "--variant", "Q (seed 3)", "--runs", repeated.runs)
    done = run(checkout, "inspect", name, "--out", tmp_path / "out", *more)
    assert done.returncode == 0, done.stderr
    assert '"Q (seed 3)" is left out: it was tested on other images' in done.stdout
    record = json.loads((tmp_path / "out" / "inspection.json").read_text())
    with (Path(repeated.first["directory"]) / "split-seed-2.csv").open(newline="") as stream:
        tested = [row["path"] for row in csv.DictReader(stream) if row["split"] == "test"]
    assert record["image"]["path"] == tested[0]


def test_the_window_shows_the_repetitions_together(qtbot: QtBot, repeated: Repeated) -> None:
    state = ShownRun()
    lines = (Path(repeated.first["directory"]) / "events.jsonl").read_bytes().splitlines()
    state.apply_all(map(parse_event, lines))
    stages = repeated_stages(state.stages.values())
    assert [(stage.title, len(stage.epochs), stage.length) for stage in stages] == [
        ("Baseline resnet8 ×0.25", 3, 2), ("pruning 80 %", 3, 1),
    ]  # fmt: skip
    (bar,) = (figure.bar for figure in figures("accuracy"))
    assert bar is not None
    rows = bar_rows(bar, tuple(state.variants.values()))
    assert [(row.name, row.repeats) for row in rows] == [("baseline", 3), ("Q", 3), ("PQ", 3)]
    values = [one["accuracy"] for one in repeated.first["variants"] if one["chain"] == "PQ"]
    assert (rows[2].value, rows[2].whisker) == (pytest.approx(fmean(values)), (min(values), max(values)))
    curves = CurvesPanel(LIGHT)
    qtbot.addWidget(curves)
    for part in curves.parts:
        part.show_state(state)
    assert curves.points() == 3
    panel = RepetitionsPanel(LIGHT)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(panel.filled) as filled:
        panel.show_state(state)
    assert filled.args == [True]
    assert panel.table.rowCount() == 3
    assert panel.table.item(2, 1).text().startswith(f"{fmean(values):.3f} ± ")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["run", "r.toml", "--seeds", "1,2,3"], ["run", "r.toml", "--seeds", "1,2,3"]),
        (["run", "--seeds", "1", "2", "3", "r.toml"], ["run", "--seeds", "1,2,3", "r.toml"]),
        (["run", "--seeds", "1,", "2", "r.toml", "--quiet"], ["run", "--seeds", "1,2", "r.toml", "--quiet"]),
        (["run", "r.toml", "--seeds"], ["run", "r.toml", "--seeds"]),
        (["run", "r.toml", "--seeds", "a,b"], ["run", "r.toml", "--seeds", "a,b"]),
    ],
)
def test_seeds_are_typed_with_commas_or_spaces(typed: list[str], read: list[str]) -> None:
    assert with_joined_seeds(typed) == read


def test_a_cross_validation_tests_every_image_once(checkout: Path, tmp_path: Path) -> None:
    folds = STUDY.model_copy(update={"seeds": (), "folds": 3, "chains": STUDY.chains[:1]})
    recipe = write_recipe(tmp_path / "folds.toml", folds)
    done = run(checkout, "run", recipe, "--runs", tmp_path / "runs", "--json", tmp_path / "folds.json")
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "folds.json").read_text())
    assert [(one["chain"], one["fold"]) for one in result["variants"]] == [
        (chain, fold) for fold in (1, 2, 3) for chain in ("baseline", "Q")
    ]
    tested: list[str] = []
    for file in sorted({one["split"] for one in result["variants"]}):
        with (Path(result["directory"]) / file).open(newline="") as stream:
            tested += [row["path"] for row in csv.DictReader(stream) if row["split"] == "test"]
    assert len(tested) == len(set(tested)) == 48
    assert result["summary"][1]["folds"] == 3
    verified = run(checkout, "verify", result["directory"])
    assert verified.returncode == 0, verified.stdout + verified.stderr
    # All folds divide the same images, which are read once.
    assert "Images (fold 1 to fold 3), images: holds" in verified.stdout


def test_figures_and_summary_of_each_seed_are_found_again(checkout: Path, repeated: Repeated) -> None:
    verified = run(checkout, "verify", repeated.first["directory"])
    assert verified.returncode == 0, verified.stdout + verified.stderr
    for said in ("Images (seed 1), images: holds", "Images (seed 3), images: holds", "Repetitions, summary: holds"):
        assert said in verified.stdout
