"""Whose decision changed: order, counts, and groups, by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import DataError
from engine.inspection.decision_changes import (
    Change,
    change_counts,
    decisions,
    disagreeing_rows,
    groups_with_most_changes,
)
from engine.store.prediction_file import Predictions

LABELS = np.array([0, 0, 1, 1, 1])
BASELINE = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7], [0.8, 0.2], [0.51, 0.49]], dtype=np.float32)
INT8 = np.array([[0.4, 0.6], [0.45, 0.55], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]], dtype=np.float32)


@pytest.fixture
def predictions() -> Predictions:
    probabilities = np.stack([BASELINE, INT8])
    paths = tuple(f"p{number // 2}/{number}.png" for number in range(5))
    return Predictions(
        paths, LABELS, ("well", "ill"), ("baseline", "int8"), probabilities, probabilities.argmax(axis=2)
    )


def test_the_worst_changes_come_first(predictions: Predictions) -> None:
    found = decisions(predictions, "int8", "baseline")
    assert [(one.row, one.change) for one in found] == [
        (0, Change.LOST),
        (1, Change.LOST),
        (3, Change.WON),
        (2, Change.KEPT),
        (4, Change.KEPT),
    ]
    worst = found[0]
    assert (worst.path, worst.label, worst.before, worst.after) == ("p0/0.png", 0, 0, 1)
    assert (worst.before_probability, worst.after_probability) == pytest.approx((0.9, 0.6))
    assert worst.margin == pytest.approx(0.2)
    assert change_counts(found) == {Change.LOST: 2, Change.ELSE: 0, Change.WON: 1, Change.KEPT: 2}
    assert disagreeing_rows(predictions).tolist() == [0, 1, 3]
    groups = [Path(path).parent.name for path in predictions.paths]
    assert groups_with_most_changes(found, groups) == (("p0", 2, 2), ("p1", 1, 2))
    with pytest.raises(KeyError):
        decisions(predictions, "int4", "baseline")


def test_predictions_come_back_from_their_file(predictions: Predictions, tmp_path: Path) -> None:
    file = tmp_path / "predictions.npz"
    predictions.write(file)
    found = Predictions.read(file)
    assert (found.paths, found.classes, found.variants) == (
        predictions.paths,
        predictions.classes,
        predictions.variants,
    )
    np.testing.assert_array_equal(found.probabilities, predictions.probabilities)
    assert found.probabilities.dtype == np.float32
    with np.load(file) as plain:
        assert set(plain) == {"paths", "labels", "classes", "variants", "probabilities", "predicted"}
    content = bytearray(file.read_bytes())
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="is damaged"):
        Predictions.read(file)
    with pytest.raises(DataError, match="cannot be read"):
        Predictions.read(tmp_path / "none.npz")
    np.savez(file, paths=np.array(["a"]))
    with pytest.raises(DataError, match="is damaged"):
        Predictions.read(file)
