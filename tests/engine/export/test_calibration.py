"""Activation ranges are those of the values that the network really takes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.contract.progress import Progress
from engine.steps.post_training_quantization.calibration import activation_ranges, calibration_record
from engine.steps.post_training_quantization.evidence import CalibrationRecord
from tests.engine.export.conftest import Trained


def values_of(trained: Trained, layer: str) -> np.ndarray:
    """What Keras computes at a layer for the calibration images."""
    import tf_keras

    part = tf_keras.Model(trained.model.input, trained.model.get_layer(layer).output)
    return np.asarray(part(trained.calibration))


def test_minmax_is_the_least_and_greatest_value_that_keras_computes(residual: Trained) -> None:
    ranges = activation_ranges(residual.float32, residual.calibration)
    for layer in ("stem_relu", "add2", "tip_relu"):
        (found,) = (found for name, found in ranges.items() if f"/{layer}/" in name)
        values = values_of(residual, layer)
        assert found.min == pytest.approx(values.min(), abs=1e-4)
        assert found.max == pytest.approx(values.max(), rel=1e-4)
    assert ranges["serving_default_image:0"].max == residual.calibration.max()


def test_a_percentile_cuts_that_share_off_at_each_end(residual: Trained) -> None:
    whole = activation_ranges(residual.float32, residual.calibration)
    cut = activation_ranges(residual.float32, residual.calibration, percentile=98.0)
    (name,) = (name for name in whole if "/add2/" in name)
    values = values_of(residual, "add2")
    bin_width = (whole[name].max - whole[name].min) / 2048
    assert cut[name].min == pytest.approx(np.percentile(values, 2), abs=2 * bin_width)
    assert cut[name].max == pytest.approx(np.percentile(values, 98), abs=2 * bin_width)
    assert cut["serving_default_image:0"] == whole["serving_default_image:0"]
    assert cut.keys() == whole.keys()


def test_what_was_seen_is_kept_beside_what_is_used(residual: Trained) -> None:
    whole = activation_ranges(residual.float32, residual.calibration)
    cut = activation_ranges(residual.float32, residual.calibration, percentile=98.0)
    record = calibration_record(cut, "percentile", 98.0, len(residual.calibration))
    assert CalibrationRecord.model_validate_json(record.model_dump_json()) == record
    for kept in record.ranges:
        seen = whole[kept.tensor]
        assert (kept.seen_least, kept.seen_greatest) == (seen.min, seen.max)
        assert seen.min <= kept.least <= kept.greatest <= seen.max
        assert kept.clipped_fraction == pytest.approx(
            1 - (kept.greatest - kept.least) / (seen.max - seen.min), abs=1e-6
        )
    assert max(kept.clipped_fraction for kept in record.ranges) > 0.1


def test_nearly_all_of_a_percentile_is_nearly_minmax(residual: Trained) -> None:
    whole = activation_ranges(residual.float32, residual.calibration)
    nearly = activation_ranges(residual.float32, residual.calibration, percentile=99.9999999)
    for name, found in nearly.items():
        span = whole[name].max - whole[name].min
        assert found.min == pytest.approx(whole[name].min, abs=1e-3 * span)
        assert found.max == pytest.approx(whole[name].max, abs=1e-3 * span)


def test_it_tells_of_each_image_and_can_be_ended(residual: Trained) -> None:
    told: list[tuple[int, int]] = []

    def stop_after_three(done: int, total: int) -> None:
        told.append((done, total))
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        activation_ranges(residual.float32, residual.calibration, 99.0, Progress(on_report=stop_after_three, every_s=0))
    assert told == [(1, 200), (2, 200), (3, 200)]
