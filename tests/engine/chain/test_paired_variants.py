"""Variants of one run against each other on the images that they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from engine.chain.classified_images import ClassifiedImages
from engine.chain.paired_variants import PairedVariants
from engine.chain.target_findings import groups_of_test_images, target_findings
from engine.contract.target_settings import TargetSettings
from engine.datasets.source import Sample, Split
from engine.measurement.paired_comparison import mcnemar_p_value

LABELS = np.zeros(40, dtype=np.int64)


def wrong(*places: int) -> np.ndarray:
    found = LABELS.copy()
    found[list(places)] = 1
    return found


def classified(images: str, predicted: np.ndarray, groups: Sequence[str] = ()) -> ClassifiedImages:
    return ClassifiedImages(images, images, 100, LABELS, predicted, groups)


def test_each_is_held_against_its_baseline_and_corrected_once_a_file() -> None:
    paired = PairedVariants()
    paired.add("baseline", classified("own", wrong(0, 1)))
    paired.add("int8", classified("own", wrong(*range(2, 12))))
    paired.add("the same", classified("own", wrong(*range(2, 12))))
    paired.add("pruned", classified("own", wrong(0, 1, 2)))
    names = ("int8", "the same", "pruned")
    found = paired.against_baseline(
        dict.fromkeys((*names, "baseline"), "baseline"),
        {"baseline": "k", "int8": "q", "the same": "q", "pruned": "p"},
    )
    assert set(found) == set(names)
    assert (found["int8"].won, found["int8"].lost, found["int8"].against) == (2, 10, "baseline")
    p_value = mcnemar_p_value(2, 10)
    assert found["int8"].p_holm == found["the same"].p_holm == pytest.approx(2 * p_value)
    assert found["pruned"].p_holm == 1.0


def test_a_drop_that_the_recipe_asks_for_is_judged() -> None:
    paired = PairedVariants(TargetSettings(max_accuracy_drop=0.1))
    paired.add("baseline", classified("own", LABELS))
    paired.add("int8", classified("own", wrong(*range(20))))
    found = paired.against_baseline({"int8": "baseline"}, {"int8": "q", "baseline": "k"})
    assert (found["int8"].max_drop, found["int8"].verdict) == (0.1, "does not hold")


@pytest.mark.parametrize(
    ("images", "asked", "told"),
    [
        (60, 0.0, ""),
        (60, 0.02, "even where it classifies all"),
        (400, 0.02, "where 5 % of them change"),
        (5000, 0.02, ""),
    ],
)
def test_too_few_images_are_told_before_the_training(images: int, asked: float, told: str) -> None:
    found = [one.message for one in target_findings(TargetSettings(max_accuracy_drop=asked), images)]
    assert len(found) == bool(told)
    assert all(told in one for one in found)


def test_other_images_do_not_compare() -> None:
    """Also where they are as many, and of the same names."""
    paired = PairedVariants()
    paired.add("baseline", classified("own", LABELS))
    paired.add("transferred", classified("other", LABELS))
    assert paired.compared("transferred", "baseline") is None
    assert paired.compared("transferred", "control that failed") is None
    assert paired.against_baseline({"transferred": "baseline"}, {"transferred": "t", "baseline": "k"}) == {}


def test_images_of_a_patient_belong_together() -> None:
    paired, patients = PairedVariants(), [f"patient {place // 10}" for place in range(len(LABELS))]
    paired.add("baseline", classified("own", wrong(*range(10)), patients))
    paired.add("int8", classified("own", LABELS, patients))
    found = paired.compared("int8", "baseline")
    assert found is not None
    assert (found.groups, found.p_value) == (4, 1.0)


def test_patients_are_counted_where_the_test_images_cannot_show_a_drop() -> None:
    target = TargetSettings(max_accuracy_drop=0.05)
    assert not list(target_findings(target, 2000))
    (found,) = target_findings(target, 2000, test_groups=23)
    assert found.message.startswith("23 groups of test images cannot show that a file loses at most 5 points")
    samples = [Sample(f"{place}.png", 0, Split.TEST, group=f"{place // 4}" if place < 8 else "") for place in range(10)]
    samples += [Sample("train.png", 0, Split.TRAIN, group="other")]
    assert groups_of_test_images(samples) == 4
    assert groups_of_test_images(samples[8:]) == 0
