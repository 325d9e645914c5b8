"""Variants of one run against each other on the images that they share."""

from __future__ import annotations

import numpy as np
import pytest

from engine.chain.paired_variants import PairedVariants
from engine.measurement.paired_comparison import mcnemar_p_value

PATHS = tuple(f"{place}.png" for place in range(40))
LABELS = np.zeros(40, dtype=np.int64)


def wrong(*places: int) -> np.ndarray:
    found = LABELS.copy()
    found[list(places)] = 1
    return found


def test_each_is_held_against_its_baseline_and_corrected_once_a_file() -> None:
    paired = PairedVariants({})
    paired.add("baseline", PATHS, LABELS, wrong(0, 1))
    paired.add("int8", PATHS, LABELS, wrong(*range(2, 12)))
    paired.add("the same", PATHS, LABELS, wrong(*range(2, 12)))
    paired.add("pruned", PATHS, LABELS, wrong(0, 1, 2))
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


def test_other_images_do_not_compare() -> None:
    paired = PairedVariants({})
    paired.add("baseline", PATHS, LABELS, LABELS)
    paired.add("transferred", PATHS[:-1], LABELS[:-1], LABELS[:-1])
    assert paired.compared("transferred", "baseline") is None
    assert paired.compared("transferred", "control that failed") is None


def test_images_of_a_patient_belong_together() -> None:
    paired = PairedVariants({path: f"patient {place // 10}" for place, path in enumerate(PATHS)})
    paired.add("baseline", PATHS, LABELS, wrong(*range(10)))
    paired.add("int8", PATHS, LABELS, LABELS)
    found = paired.compared("int8", "baseline")
    assert found is not None
    assert (found.groups, found.p_value) == (4, 1.0)
