"""What a report says of a run that is done, failed in part, was cut off, or is damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.backbones.backbone import BACKBONES
from engine.contract.augmentation import AUGMENTATIONS
from engine.contract.errors import DataError, RecipeError
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import build_recipe, read_recipe
from engine.contract.repeated_results import ChainSummary, RepeatedComparison, RepeatedFigure
from engine.contract.search_result import FrontPoint, SearchResult, StoppedTrial
from engine.contract.search_settings import SearchSettings
from engine.report.content import BulletList, Prose, ReportSection, ReportTable
from engine.report.private_text import PrivateText, public_recipe
from engine.report.recipe_words import chosen_settings, short_document
from engine.report.reference_list import library
from engine.report.repetition_words import search_paragraph
from engine.report.reported_run import ReportedRun, read_run
from engine.report.result_tables import repetition_table, search_table
from engine.report.run_sections import run_part
from engine.store.run_hashes import write_run_hashes
from engine.workbench.step import STEPS
from tests.engine.report.conftest import write_told_run


def sections_of(run: ReportedRun) -> dict[str, ReportSection]:
    return {one.title: one for one in run_part(run, library(), "", with_pictures=False).sections}


def texts(section: ReportSection) -> str:
    found = []
    for block in section.blocks:
        match block:
            case Prose():
                found.append(block.text)
            case BulletList():
                found += block.items
            case ReportTable():
                found += [block.caption, *(" ".join(row) for row in block.rows)]
    return "\n".join(found)


def test_a_finished_run(told_run: Path) -> None:
    run = read_run(told_run)
    assert run.unfinished == ""
    sections = sections_of(run)
    asked = texts(sections["What was asked"])
    assert "PRN: pruning 75 %" in asked
    assert "training.epochs Epochs 3 auto" in asked
    data = texts(sections["Data"])
    assert "Skipped, as they could not be read: 1" in data
    assert "2 with the same pixels, 1 of them across splits" in data
    methods = texts(sections["Methods, for a paper"])
    assert "40 for training, 8 for validation and 24 for testing" in methods
    assert "for 3 epochs with batches of 32" in methods
    assert "TensorFlow 2." in methods
    assert "McNemar's exact test [[mcnemar1947note]], corrected by Holm [[holm1979simple]]" in methods
    assert "int8: Slower than the baseline." in texts(sections["What did not help"])
    limits = texts(sections["Limits"])
    assert "There are 24 test images" in limits
    assert "One seed" in limits
    assert "python main.py run recipe.toml" not in limits


def test_a_run_of_which_a_chain_failed(tmp_path: Path) -> None:
    run = read_run(write_told_run(tmp_path, "failed"))
    assert run.unfinished.startswith("This run is not complete.")
    assert [one.name for one in run.variants] == ["baseline", "int8"]
    assert 'Chain "PRN"' in texts(sections_of(run)["What did not help"])
    assert "The run is not complete" in texts(sections_of(run)["Limits"])


def test_a_run_that_was_cut_off(tmp_path: Path) -> None:
    run = read_run(write_told_run(tmp_path, "cut off"))
    assert "cut off, when 1 of 4 stages had been finished" in run.unfinished
    sections = sections_of(run)
    assert "baseline" in texts(sections["Results"])
    assert "Pareto" not in texts(sections["Results"])


def test_a_run_that_measured_nothing(own_run: Path) -> None:
    first = (own_run / "events.jsonl").read_text(encoding="utf-8").splitlines()[0]
    (own_run / "events.jsonl").write_text(first + "\n", encoding="utf-8")
    (own_run / "predictions.npz").unlink()
    (own_run / "dataset.json").unlink()
    run = read_run(own_run)
    assert run.unfinished.endswith("It had measured nothing by then.")
    sections = sections_of(run)
    assert "Results" not in sections
    assert "before its images were ready" in texts(sections["Data"])


def test_what_is_damaged_is_told_and_not_shown(own_run: Path) -> None:
    write_run_hashes(own_run)
    for name in ("dataset.json", "predictions.npz"):
        (own_run / name).write_bytes((own_run / name).read_bytes()[:-7])
    (own_run / "models" / "int8.tflite").write_bytes(b"other")
    run = read_run(own_run)
    assert (run.check, run.predictions) == (None, None)
    sections = sections_of(run)
    told = texts(sections["What did not help"])
    assert "dataset.json, which holds what was found in the images, is damaged" in told
    assert "predictions.npz is damaged" in told
    assert "changed since the run ended" in texts(sections["Reproducibility"])


def test_what_is_no_run_is_refused(own_run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no run"):
        read_run("nothing", tmp_path)
    with pytest.raises(DataError, match="is no run"):
        read_run(tmp_path)
    (own_run / "events.jsonl").unlink()
    with pytest.raises(DataError, match="events of the run"):
        read_run(own_run)
    (own_run / "recipe.toml").write_text("schema = 1\nnonsense = 2\n")
    (own_run / "events.jsonl").write_text("")
    with pytest.raises(RecipeError, match="nonsense"):
        read_run(own_run)


@pytest.mark.parametrize("name", ["demo", "knowledge", "lee-2022", "look-up-tables", "low-rank", "sparse-training"])
def test_a_short_recipe_is_the_same_recipe(checkout: Path, name: str) -> None:
    recipe = read_recipe(checkout / "resources" / "recipes" / f"{name}.toml")
    short = short_document(recipe)
    assert build_recipe(short) == recipe
    assert len(str(short)) < len(str(recipe.model_dump()))


def test_settings_that_differ_are_told_with_their_defaults() -> None:
    recipe = Recipe.model_validate({"schema": 1, "images": {"size": [64, 48], "dwt": {"wavelet": "db2"}}})
    told = {one.where: (one.value, one.default) for one in chosen_settings(recipe)}
    assert told["images.size"] == ("64 × 48", "96")
    assert told["images.dwt"][0].startswith("wavelet db2, level 1")
    assert set(told) == {"images.size", "images.dwt"}


def test_paths_are_left_out_of_a_recipe_and_of_texts() -> None:
    document = {"dataset": {"path": "/data/x", "classes": ["a"], "class_folders": {"a": ["Smith/**"]}}, "name": "n"}
    assert "Smith" not in str(public_recipe(document))
    assert "/data/x" not in str(public_recipe(document))
    private = PrivateText(["/home/Mary Ann/scans"], ["p/Smith_J.dcm", "p/0001.png"])
    assert private.hidden("See /home/Mary Ann/scans/a.png, Smith_J.dcm.") == "See (a path), (an image)."
    assert private.hidden(r"C:\Users\mary\x.png and ~/y") == "(a path) and (a path)"
    unharmed = "float32/int8: 0001 of 24/100 images/s; https://doi.org/10.1/x and 2 Δ points (-1.6 to +1.6)"
    assert private.hidden(unharmed) == unharmed


def test_repetitions_and_a_search_are_tables_of_their_own(told_run: Path) -> None:
    run = read_run(told_run)
    assert run.result is not None
    figure = RepeatedFigure(mean=0.9, deviation=0.01, ci95=(0.88, 0.92), values=(0.89, 0.91))
    base = ChainSummary(
        chain="baseline", steps=(), repeats=("seed 1", "seed 2"), seeds=(1, 2), same_test_images=True,
        accuracy=figure, difference=None,
    )  # fmt: skip
    difference = RepeatedComparison(**figure.model_dump(), p_value=0.4, p_holm=0.4, max_drop=0.02, verdict="holds")
    int8 = base.model_copy(update={"chain": "int8", "difference": difference})
    point = FrontPoint(trial=3, values={"accuracy": 0.9}, settings={"seed": 2}, variant="int8", recipe="trial-3.toml")
    stopped = StoppedTrial(trial=2, settings={}, reason="at epoch 1 of 9 it reached 0.41", epoch=1)
    search = SearchResult(objectives=("accuracy",), front=(point,), trials=8, stopped=1, stopped_trials=(stopped,))
    result = run.result.model_copy(update={"summary": (base, int8), "search": search})
    both = [repetition_table(replace(run, result=result), ""), search_table(replace(run, result=result), "")]
    for table in both:
        assert table is not None
        assert {len(row) for row in table.rows} == {len(table.heads)}
    assert (both[1].heads, both[1].rows) == (("trial", "accuracy", "settings"), (("3", "0.900", "seed = 2"),))
    assert repetition_table(run, "") is None
    assert search_table(run, "") is None
    searched = run.recipe.model_copy(update={"search": SearchSettings(objectives=("accuracy",))})
    said = search_paragraph(replace(run, result=result, recipe=searched), library())
    assert "Of the trials 1 was stopped while the baseline trained" in said


def test_every_paper_of_a_step_and_every_backbone_has_its_reference() -> None:
    known = library()
    for registry in (STEPS, AUGMENTATIONS):
        for key in registry:
            assert "(" not in known.cite_papers(registry[key].paper), key
    assert [key for key in BACKBONES if not known.cite(f"backbone:{key}")] in ([], ["keras_file"])
    dois = [one.doi for one in known.references.values() if one.doi]
    assert len(dois) == len(set(dois))
    assert all(doi.startswith("10.") and " " not in doi for doi in dois)
