"""What files may lose of the recall of single classes: judged, told before the training, and refused where unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.advice.accuracy_floor import AccuracyFloor
from engine.chain.classified_images import ClassifiedImages
from engine.chain.paired_variants import PairedVariants
from engine.chain.planning import plan_run
from engine.chain.preflight import RecipeRefused, preflight
from engine.chain.repeated_variants import summarised
from engine.chain.target_findings import target_findings, unknown_classes
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.measurements import PairedComparison
from engine.contract.recipe import ChainSettings, Recipe
from engine.contract.recipe_file import parse_recipe, recipe_text
from engine.contract.repairs import SetValue
from engine.contract.target_settings import TargetSettings
from engine.measurement.difference_intervals import score_interval
from engine.measurement.target_verdict import target_note, unjudged_note
from engine.store.locations import Locations
from tests.ui.study_events import variant
from ui.recall_text import recall_rows

CLASSES = ("benign", "malignant")
LABELS = np.repeat([0, 1], 200)
TARGET = TargetSettings(max_recall_drop={"malignant": 0.05})


def compared(lost: range, target: TargetSettings = TARGET, groups: tuple[str, ...] = ()) -> PairedComparison:
    """A file that errs on these images, against one that is always right."""
    paired = PairedVariants(target)
    wrong = LABELS.copy()
    wrong[list(lost)] = 1 - LABELS[list(lost)]
    for name, predicted in (("baseline", LABELS), ("int8", wrong)):
        paired.add(name, ClassifiedImages("own", "own", 100, LABELS, predicted, groups, CLASSES))
    return paired.against_baseline({"int8": "baseline"}, {"int8": "q", "baseline": "k"})["int8"]


@pytest.mark.parametrize(
    ("lost", "verdict", "said"),
    [
        (range(0), "holds", ""),
        (range(100), "holds", ""),
        (range(200, 260), "does not hold", "It does not keep the target to lose at most 5 points of recall"),
        (range(200, 210), "too few images", '200 test images of "malignant" are too few to tell'),
    ],
)
def test_only_the_images_of_the_class_count(lost: range, verdict: str, said: str) -> None:
    found = compared(lost)
    recall = found.recall["malignant"]
    of_class = sum(place >= 200 for place in lost)
    assert (recall.images, recall.won, recall.lost) == (200, 0, of_class)
    assert recall.difference == pytest.approx(-of_class / 200)
    assert recall.difference_ci95 == pytest.approx(score_interval(0, of_class, 200))
    assert (recall.verdict, found.verdict) == (verdict, None)
    assert said in target_note(found)
    assert bool(said) == bool(target_note(found))


def test_images_of_a_patient_belong_together() -> None:
    patients = tuple(f"patient {place // 20}" for place in range(400))
    recall = compared(range(200, 220), groups=patients).recall["malignant"]
    assert (recall.images, recall.groups, recall.lost) == (200, 10, 20)
    assert recall.difference_ci95[0] < score_interval(0, 20, 200)[0]
    assert recall.verdict == "too few images"


def test_a_class_without_test_images_is_not_said_to_hold() -> None:
    paired = PairedVariants(TargetSettings(max_recall_drop={"rare": 0.5}))
    for name in ("baseline", "int8"):
        paired.add(name, ClassifiedImages("own", "own", 100, LABELS, LABELS, classes=(*CLASSES, "rare")))
    found = paired.against_baseline({"int8": "baseline"}, {"int8": "q", "baseline": "k"})["int8"].recall["rare"]
    assert (found.images, found.difference_ci95, found.verdict) == (0, (-1.0, 1.0), "too few images")


def test_a_file_that_loses_too_much_of_a_class_is_not_recommended() -> None:
    files = [variant("baseline"), *(variant(name, paired=compared(lost)) for name, lost in
             (("int8", range(200, 260)), ("PRN", range(5))))]  # fmt: skip
    assert [one.chain for one in AccuracyFloor().reached(files)] == ["baseline", "PRN"]
    assert '5 points of recall of "malignant" lost' in AccuracyFloor().words(files)
    ((name, cls, change, *_, asked, verdict), _) = recall_rows(files)
    assert (name, cls, asked, verdict) == ("int8", "malignant", "5 points", "no")
    assert change.startswith("-30.0 (")


def test_over_seeds_the_repetitions_are_judged_together() -> None:
    classified, variants = {}, []
    for seed, lost in ((1, 3), (2, 0), (3, 1)):
        wrong = LABELS.copy()
        wrong[200 : 200 + lost] = 0
        for chain, predicted in (("baseline", LABELS), ("int8", wrong)):
            one = variant(chain, seed=seed, repeat=f"seed {seed}")
            variants.append(one)
            classified[one.name] = ClassifiedImages("own", "own", 100, LABELS, predicted, classes=CLASSES)
    (_, summary) = summarised(variants, classified, target=TARGET)
    assert summary.difference is not None
    found = summary.difference.recall["malignant"]
    assert found.values == pytest.approx((-0.015, 0.0, -0.005))
    assert (found.max_drop, found.verdict) == (0.05, "holds")
    # One that diverged is no result, and counts in no mean.
    last = variants[-1].model_copy(update={"diverged": True})
    (_, summary) = summarised([*variants[:-1], last], classified, target=TARGET)
    assert summary.repeats == ("seed 1", "seed 2")


def test_what_the_test_images_can_show_is_told_before_the_training() -> None:
    found = list(target_findings(TARGET, 4000, 0, {"benign": (3960, 0), "malignant": (40, 0)}))
    (message,) = (one.message for one in found)
    assert message.startswith('40 test images of "malignant" cannot show that a file loses at most 5 points of recall')
    assert not list(target_findings(TARGET, 4000, 0, {"malignant": (3000, 0)}))
    (by_groups,) = target_findings(TARGET, 4000, 0, {"malignant": (3000, 12)})
    assert by_groups.message.startswith('12 groups of test images of "malignant" cannot')
    (none,) = target_findings(TARGET, 4000, 0, {"malignant": (0, 0)})
    assert none.message == 'There is no test image of "malignant", so its recall cannot be judged.'


def test_a_class_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    recipe = Recipe(dataset=DatasetSettings(limit_per_class=12), target=TargetSettings(max_recall_drop={"sik": 0.1}))
    with pytest.raises(RecipeRefused, match=r'There is no class "sik"\. Did you mean "sick"\?'):
        plan_run(recipe, Locations(tmp_path))
    (finding,) = unknown_classes(recipe.target, ("normal", "sick"))
    assert isinstance(finding.repair, SetValue)
    assert finding.repair.value == {"sick": 0.1}
    assert parse_recipe(recipe_text(recipe), "the test").target == recipe.target


def test_a_target_that_nothing_is_held_against_is_told() -> None:
    recipe = Recipe(target=TARGET)
    assert any("because there is no chain" in one.message for one in preflight(recipe))
    quantised = ChainSettings(name="Q", steps=({"step": "post_training_quantization", "scheme": "int8"},))
    assert not any(one.where == "target" for one in preflight(recipe.model_copy(update={"chains": (quantised,)})))
    alone, other = [variant("baseline")], [variant("baseline"), variant("PRN", dataset="other images")]
    lost = 'The target to lose at most 5 points of recall of "malignant" was not judged: '
    assert unjudged_note(TARGET, alone, ()) == f"{lost}no chain was measured."
    assert unjudged_note(TARGET, other, ()) == f"{lost}every chain was measured on another dataset."
    assert not unjudged_note(TARGET, other, {"PRN"})
    assert not unjudged_note(TargetSettings(), alone, ())
