"""Variants of several runs against one baseline, and what is said where they do not compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.advice.differences import Difference
from engine.comparison.comparison import Comparison, compared
from engine.comparison.comparison_record import ComparisonRecord, comparison_record
from engine.comparison.pairing import NotComparable
from engine.comparison.run_differences import RunDifferences
from engine.comparison.run_selection import chosen_variants, open_runs
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.errors import DataError
from engine.contract.image_settings import ImageSettings
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.search_settings import SearchSettings
from engine.contract.target_settings import TargetSettings
from engine.contract.training_settings import TrainingSettings
from engine.figures.variant_figures import figures
from engine.measurement.paired_comparison import paired_comparison
from tests.written_runs import IMAGES, write_run

PRUNED = {"step": "magnitude_pruning", "sparsity": 0.8, "epochs": 1}
INT8 = {"step": "post_training_quantization", "scheme": "int8"}
CHANGE, AGREEMENT, RATIO, ACCURACY, SIZE, LATENCY = figures(
    "accuracy_change", "agreement", "latency_ratio", "accuracy", "size", "latency"
)


def comparison(runs: Path, *names: str, baseline: str = "", variants: tuple[str, ...] = ()) -> Comparison:
    return compared(chosen_variants(open_runs(names, runs), variants), baseline)


def test_each_is_held_against_the_chosen_baseline_image_by_image(tmp_path: Path) -> None:
    """The runs have the same images in another order, which their contents tell."""
    write_run(tmp_path, "first", {"baseline": range(6), "int8": range(9)})
    turned = list(reversed(range(IMAGES)))
    # Image 59 stands first there, so its first three errors are of the images 59, 58 and 57.
    write_run(tmp_path, "second", {"baseline": (0, 1, 2), "PRN": range(30)}, images=turned)
    found = comparison(tmp_path, "first", "second")
    assert [row.name for row in found.rows] == ["first: baseline", "first: int8", "second: baseline", "second: PRN"]
    assert found.baseline.name == "first: baseline"
    assert all(row.same_images for row in found.rows)
    other = found.row("second: baseline").shown
    assert other.paired is not None
    assert (other.paired.won, other.paired.lost, other.paired.against) == (6, 3, "first: baseline")
    assert other.agreement == pytest.approx(51 / 60)
    labels = np.zeros(IMAGES, dtype=np.int64)
    ours, theirs = labels.copy(), labels.copy()
    ours[:6], theirs[57:] = 1, 1
    by_hand = paired_comparison(labels, ours, theirs)
    assert other.paired.difference_ci95 == by_hand.difference_ci95
    assert other.paired.p_value == by_hand.p_value
    corrected = [row.shown.paired.p_holm for row in found.rows[1:] if row.shown.paired]
    assert all(p is not None for p in corrected)
    assert found.warnings == (
        "Latencies of different runs were measured at different times, perhaps on different machines: they do not say "
        "which file is faster.",
    )
    # Another baseline: a variant, or a run for its own.
    assert comparison(tmp_path, "first", "second", baseline="second").baseline.name == "second: baseline"
    turned_round = comparison(tmp_path, "first", "second", baseline="second: PRN")
    assert turned_round.row("first: baseline").shown.paired is not None
    assert turned_round.text(CHANGE, turned_round.row("first: baseline")).startswith("+40.0")
    with pytest.raises(DataError, match=r'"second: PRM" is none of the variants.*Did you mean "second: PRN"'):
        comparison(tmp_path, "first", "second", baseline="second: PRM")


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (range(80), "another number: 80 instead of 60; other images: 60 are the same"),
        (range(10, 70), "other images: 50 are the same"),
        (range(100, 160), "other images: 0 are the same"),
    ],
)
def test_other_test_images_are_told_and_do_not_compare(tmp_path: Path, images: range, said: str) -> None:
    write_run(tmp_path, "first", {"baseline": (0,)})
    write_run(tmp_path, "second", {"baseline": (0, 1)}, images=images)
    found = comparison(tmp_path, "first", "second")
    warning = f'"second" was tested on other images than "first: baseline": {said}. Their accuracies do not compare.'
    assert found.warnings[0] == warning
    row = found.row("second: baseline")
    assert not row.same_images
    assert [found.text(one, row) for one in (CHANGE, AGREEMENT, RATIO)] == ["–", "–", "–"]
    assert found.text(SIZE, row) != "–"
    with pytest.raises(NotComparable, match="other images"):
        found.pair("first: baseline", "second: baseline")
    assert RunDifferences(found).between(ACCURACY, *RunDifferences(found).variants) is Difference.OPEN


def test_names_alone_do_not_make_images_the_same(tmp_path: Path) -> None:
    """As where a folder of images was replaced, or images are drawn with another seed."""
    write_run(tmp_path, "first", {"baseline": (0,)})
    other = write_run(tmp_path, "second", {"baseline": (0,)})
    pixels = (other / "pixels.csv").read_text()
    (other / "pixels.csv").write_text(pixels.replace(f"000.png,{0:032x}", f"000.png,{'f' * 32}"))
    said = comparison(tmp_path, "first", "second").warnings[0]
    assert "other images: 59 are the same, and 1 have the same path but another content" in said


def test_other_labels_of_the_same_images_are_told(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": (0,)}, classes=("benign", "malignant"))
    write_run(tmp_path, "second", {"baseline": (0,)}, classes=("benign", "cyst"))
    found = comparison(tmp_path, "first", "second")
    assert "other labels: 30 of the same images are of another class" in " ".join(found.warnings)
    assert '"second" tells other classes apart than "first": benign, cyst' in found.warnings[0]
    assert not found.row("second: baseline").same_images
    with pytest.raises(NotComparable, match="other classes"):
        found.pair("first: baseline", "second: baseline")


def test_a_run_of_an_earlier_version_is_compared_by_its_paths(tmp_path: Path) -> None:
    write_run(tmp_path, "old", {"baseline": (0, 1), "int8": (0,)}, keeps_contents=False)
    write_run(tmp_path, "new", {"baseline": (0,)})
    found = comparison(tmp_path, "new", "old")
    assert all(row.same_images for row in found.rows)
    assert found.rows[1].shown.paired is not None
    assert any(
        "there images count as the same where the dataset's folder and their paths are" in one for one in found.warnings
    )
    # The same paths in another folder, or drawn with another seed, are other images.
    for name, other in (
        ("elsewhere", Recipe(name="elsewhere", dataset=DatasetSettings(kind="image_folder", path="y"))),
        ("drawn anew", Recipe(name="drawn anew", seed=9)),
    ):
        write_run(tmp_path, name, {"baseline": (0, 1)}, other, keeps_contents=False)
        assert not comparison(tmp_path, "new", name).rows[1].same_images
    # Nor predictions: then its table of splits tells.
    directory = write_run(tmp_path, "oldest", {"baseline": (0,)}, predictions="")
    rows = "\n".join(f"images/{number:03d}.png,{('benign', 'malignant')[number % 2]},test" for number in range(IMAGES))
    (directory / "split.csv").write_text(f"path,label,split\nx.png,benign,train\n{rows}\n")
    found = comparison(tmp_path, "new", "oldest")
    assert "did not keep what its files predict" in found.row("oldest: baseline").unpaired
    (directory / "split.csv").unlink()
    assert 'The test images of "oldest: baseline" are not known' in " ".join(
        comparison(tmp_path, "new", "oldest").warnings
    )


def test_test_images_that_are_not_known_are_told_once_with_all_names(tmp_path: Path) -> None:
    write_run(tmp_path, "new", {"baseline": (0,)})
    directory = write_run(tmp_path, "oldest", {"baseline": (0,), "PRN": (1,), "int8": (2,)}, predictions="")
    (directory / "split.csv").unlink(missing_ok=True)
    told = [one for one in comparison(tmp_path, "new", "oldest").warnings if "are not known" in one]
    assert len(told) == 1
    assert told[0].startswith('The test images of "oldest: baseline", "oldest: PRN" and "oldest: int8" are not known: ')


def test_what_differs_in_the_recipes_is_told_key_by_key(tmp_path: Path) -> None:
    chains = (ChainSettings(name="PQ", steps=(PRUNED, INT8)), ChainSettings(name="Q", steps=(INT8,)))
    plain = Recipe(name="first", chains=chains)
    more = {**PRUNED, "sparsity": 0.9}
    other = Recipe(
        name="second",
        images=ImageSettings(size=32),
        training=TrainingSettings(epochs=3),
        chains=(chains[1], ChainSettings(name="PQ", steps=(more, INT8)), ChainSettings(name="P", steps=(PRUNED,))),
    )
    write_run(tmp_path, "first", {"baseline": ()}, plain)
    write_run(tmp_path, "second", {"baseline": ()}, other)
    found = comparison(tmp_path, "first", "second")
    told = {one.key: one.values for one in found.differences}
    assert told["name"] == ('"first"', '"second"')
    assert told["training.epochs"][1] == "3"
    assert told["chains.PQ.steps[0].sparsity"] == ("0.8", "0.9")
    assert told["chains.P"] == ("–", "magnitude_pruning")
    assert set(told) == {"name", "images.size", "training.epochs", "chains.PQ.steps[0].sparsity", "chains.P"}


def test_chains_that_others_lack_are_told_with_their_schemes_and_a_class_once(tmp_path: Path) -> None:
    chain = ChainSettings(name="Q", steps=({**INT8, "scheme": "dynamic_range"},))
    few_bits = ChainSettings(name="Q4", steps=(PRUNED, {**INT8, "scheme": "int4"}))
    write_run(tmp_path, "first", {"baseline": ()}, Recipe(name="one", chains=(chain, few_bits)))
    target = TargetSettings(max_recall_drop={"malignant": 0.02})
    write_run(tmp_path, "second", {"baseline": ()}, Recipe(name="one", target=target))
    assert {one.key: one.values for one in comparison(tmp_path, "first", "second").differences} == {
        "target.max_recall_drop.malignant": ("–", "0.02"),
        "chains.Q": ("post_training_quantization (dynamic_range)", "–"),
        "chains.Q4": ("magnitude_pruning → post_training_quantization (int4)", "–"),
    }


def test_files_go_in_groups_whose_accuracies_compare(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": (0,), "int8": (1,)})
    write_run(tmp_path, "second", {"baseline": (0,)}, images=range(10, 70))
    write_run(tmp_path, "third", {"baseline": (0,)}, classes=("benign", "cyst"))
    write_run(tmp_path, "fourth", {"baseline": (0,)})
    found = comparison(tmp_path, "first", "second", "third", "fourth").same_images_groups
    assert [[row.name for row in group] for group in found] == [
        ["first: baseline", "first: int8", "fourth: baseline"],
        ["second: baseline"],
        ["third: baseline"],
    ]


def test_latencies_of_other_runs_do_not_say_which_file_is_faster(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": (), "int8": ()}, cpu="Intel Xeon")
    write_run(tmp_path, "second", {"baseline": ()}, cpu="AMD EPYC", latency_p50_ms=0.001, latency_p95_ms=0.001)
    found = comparison(tmp_path, "first", "second")
    assert "on different machines (Intel Xeon, 1 thread; AMD EPYC, 1 thread)" in found.warnings[-1]
    assert found.text(RATIO, found.row("first: int8")) != "–"
    assert found.text(RATIO, found.row("second: baseline")) == "–"
    differences = RunDifferences(found)
    first, *_, second = differences.variants
    assert differences.between(LATENCY, second, first) is Difference.OPEN
    assert differences.between(ACCURACY, second, first) is Difference.SAME
    with pytest.raises(DataError, match="is gone, so it cannot be timed"):
        found.timed_in_turn()


def test_groups_are_kept_in_no_file_so_only_a_run_tests_its_own(tmp_path: Path) -> None:
    patients = [f"patient {place // 5}" for place in range(IMAGES)]
    grouped = Recipe(name="first", dataset=DatasetSettings(kind="image_folder", path="x", group_by="folder:1"))
    again = grouped.model_copy(update={"name": "second"})
    write_run(tmp_path, "first", {"baseline": range(6), "int8": range(12)}, grouped, groups=patients)
    write_run(tmp_path, "second", {"baseline": range(6)}, again)
    found = comparison(tmp_path, "first", "second")
    own = found.row("first: int8").shown.paired
    assert own is not None
    assert own.groups == 12
    assert "belong in groups" in found.row("second: baseline").unpaired
    assert found.row("second: baseline").shown.agreement == 1.0
    assert any('The test images of "first" and "second" belong in groups' in one for one in found.warnings)


def test_a_run_whose_answers_are_gone_is_compared_by_its_own_tests(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": range(6), "int8": range(12)}, groups=[str(one) for one in range(IMAGES)])
    write_run(tmp_path, "second", {"baseline": range(6)})
    whole = comparison(tmp_path, "first", "second").row("first: int8").shown.paired
    (tmp_path / "runs" / "first" / "predictions.npz").write_bytes(b"damaged")
    found = comparison(tmp_path, "first", "second")
    own = found.row("first: int8").shown.paired
    assert whole is not None
    assert own is not None
    # Alone it is, as the other run cannot be held against it.
    assert own.model_copy(update={"p_holm": whole.p_holm}) == whole


def test_what_has_diverged_is_told(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": (), "int8": ()}, diverged=True)
    write_run(tmp_path, "second", {"baseline": ()})
    said = comparison(tmp_path, "first", "second").warnings
    assert any("diverged in training" in one and '"first: int8"' in one and "second" not in one for one in said)


def test_only_what_is_named_is_compared(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": (), "int8": (), "PRN": ()})
    write_run(tmp_path, "second", {"baseline": (), "int8": ()})
    found = comparison(tmp_path, "first", "second", variants=("int8",))
    assert [row.name for row in found.rows] == ["first: baseline", "first: int8", "second: int8"]
    with pytest.raises(DataError, match=r'None of these runs has a variant "int9"\. Did you mean "int8"'):
        comparison(tmp_path, "first", "second", variants=("int9",))


def test_runs_that_cannot_be_compared_are_refused_in_a_sentence(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": ()})
    empty = write_run(tmp_path, "empty", {"baseline": ()})
    (empty / "events.jsonl").write_text("")
    gone = write_run(tmp_path, "gone", {"baseline": ()})
    (gone / "events.jsonl").unlink()
    for names, said in (
        (("first",), "One run alone is compared with nothing"),
        (("first", "first"), "are the same run"),
        (("first", "frist"), 'There is no run "frist".*Did you mean "first"'),
        (("first", "empty"), "Nothing of the run in .* is measured yet"),
        (("first", "gone"), "cannot be read"),
    ):
        with pytest.raises(DataError, match=said):
            open_runs(names, tmp_path)


def test_what_a_run_is_not_as_it_should_be_is_told(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": ()})
    stopped = write_run(tmp_path, "stopped", {"baseline": (), "int8": ()}, finished=False)
    (stopped / "recipe.toml").write_text('schema = 9\nname = "later"\nnew_key = 1\n')
    (stopped / "events.digests").unlink()
    with (stopped / "events.jsonl").open("a") as log:
        log.write('{"event": "variant_measured", "variant": {"colour": "red"}}\n')
    found = comparison(tmp_path, "first", "stopped")
    said = " ".join(found.warnings)
    assert "stopped: the run has not finished, so only what is measured so far is compared." in said
    assert "were written by another version of Nutshell, so variants may be missing" in said
    assert "this version of Nutshell cannot read its recipe" in said
    assert [row.name for row in found.rows] == ["first: baseline", "stopped: baseline", "stopped: int8"]
    assert found.differences == ()


def test_files_of_a_search_tell_how_the_settings_of_their_trials_differ(tmp_path: Path) -> None:
    study = Recipe(name="hearts", chains=(ChainSettings(name="PRQ", steps=(PRUNED, INT8)),))
    vary = {"images.size": (48, 64), "chains.PRQ.0.sparsity": (0.5, 0.8)}
    search = study.model_copy(update={"search": SearchSettings(vary=vary)})
    settings = {"images.size": 48, "chains.PRQ.0.sparsity": 0.5}
    write_run(tmp_path, "plain", {"baseline": (0,), "PRQ": (1,)}, study)
    write_run(tmp_path, "searched", {"baseline": (0,), "PRQ": (2,)}, search, settings=settings)
    found = comparison(tmp_path, "plain", "searched")
    titles = found.studies
    assert [title.rpartition(": ")[2] for title in titles] == ["hearts (plain)", "trial 1"]
    assert {one.key: one.values for one in found.differences} == {
        "images.size": ("96", "48"),
        "chains.PRQ.steps[0].sparsity": ("0.8", "0.5"),
    }
    record = comparison_record(found)
    assert record.recipe_differences[0].values == dict(zip(titles, ("96", "48"), strict=True))


def test_a_trial_whose_settings_are_not_known_is_told(tmp_path: Path) -> None:
    write_run(tmp_path, "plain", {"baseline": (0,)})
    write_run(tmp_path, "searched", {"baseline": (0,)}, trial=7)
    found = comparison(tmp_path, "plain", "searched")
    assert (found.differences, found.studies) == ((), ("plain", "searched: trial 7"))
    assert found.recipes_sentence == "Not every recipe can be read, so in what they differ is not known."


def test_runs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    study = Recipe(name="hearts")
    names = ("20260101-142501-hearts-3f9a", "20260102-091500-hearts-0b1c", "copy")
    for name in names:
        write_run(tmp_path, name, {"baseline": ()}, study)
    found = comparison(tmp_path, *names)
    assert found.studies == ("hearts (20260101-142501)", "hearts (20260102-091500)", "hearts (copy)")


def test_the_record_has_it_all(tmp_path: Path) -> None:
    write_run(tmp_path, "first", {"baseline": range(6)})
    write_run(tmp_path, "second", {"baseline": range(9)}, Recipe(name="second", seed=9))
    found = comparison(tmp_path, "first", "second")
    record = ComparisonRecord.model_validate_json(comparison_record(found).model_dump_json(by_alias=True))
    assert record.baseline == "first: baseline"
    (_, other) = record.variants
    assert other.paired is not None
    assert (other.paired.lost, other.same_test_images, other.timed_together, other.latency_ratio) == (
        3,
        True,
        False,
        None,
    )
    assert {one.key: one.values for one in record.recipe_differences}["seed"] == {"first": "7", "second": "9"}
    assert record.warnings == found.warnings
