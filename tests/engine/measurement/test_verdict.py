"""What a variant's note admits."""

from __future__ import annotations

import pytest

from engine.contract.measurements import VariantMeasurement
from engine.contract.network_facts import NetworkFacts
from engine.measurement.verdict import training_note, variant_note

ZEROS = "Zeros are stored like other values: the file shrinks only when it is zipped."
NO_FASTER = "Not measurably faster on this processor."
FASTER = {"latency_ratio": 0.5, "latency_ratio_ci95": (0.4, 0.6)}


def variant(chain: str = "PRN", **figures: object) -> VariantMeasurement:
    """As good as the baseline in accuracy, smaller and faster, but for `figures`."""
    plain = {
        "chain": chain,
        "steps": (),
        "file": "models/x.tflite",
        "accuracy": 0.9,
        "accuracy_ci95": (0.87, 0.93),
        "agreement": 1.0,
        "model_bytes": 250,
        "zip_bytes": 200,
        "parameters": 250,
        "nonzero_parameters": 250,
        "trainable_parameters": 250,
        "sparsity_fraction": 0.0,
        "unique_weights": 250,
        "macs": 1000,
        "latency_p50_ms": 1.0,
        "latency_p95_ms": 1.1,
        "peak_memory_bytes": 4000,
        "epoch_seconds": 1.0,
        **FASTER,
    }
    return VariantMeasurement.model_validate(plain | figures)


BASELINE = variant("baseline", model_bytes=1000, zip_bytes=900, latency_ratio=1.0, latency_ratio_ci95=(1.0, 1.0))


@pytest.mark.parametrize(
    ("figures", "note"),
    [
        ({}, ""),
        ({"sparsity_fraction": 0.8, "model_bytes": 1000, "zip_bytes": 300}, ZEROS),
        ({"model_bytes": 1000, "zip_bytes": 900}, "Not smaller than the baseline, zipped or not."),
        ({"zip_bytes": 950}, "Not smaller than the baseline once both are zipped."),
        ({"latency_ratio": 0.99, "latency_ratio_ci95": (0.9, 1.05)}, NO_FASTER),
        # It reads as 1.00, so it is called neither slower nor faster.
        ({"latency_ratio": 1.003, "latency_ratio_ci95": (1.001, 1.004)}, NO_FASTER),
        ({"latency_ratio": 0.998, "latency_ratio_ci95": (0.997, 0.999)}, NO_FASTER),
        (
            {"latency_ratio": 1.4, "latency_ratio_ci95": (1.3, 1.5)},
            "Slower than the baseline on this processor (1.40×).",
        ),
        ({"accuracy": 0.7, "accuracy_ci95": (0.66, 0.74)}, "Less accurate than the baseline by 20.0 points."),
        ({"accuracy": 0.97, "accuracy_ci95": (0.95, 0.98)}, "More accurate than the baseline by 7.0 points."),
        ({"accuracy": 0.86, "accuracy_ci95": (0.83, 0.89)}, ""),
    ],
)
def test_what_is_admitted(figures: dict[str, object], note: str) -> None:
    assert variant_note(variant(**figures), BASELINE) == note


def test_what_the_same_images_tell_goes_before_the_intervals() -> None:
    """An accuracy whose interval overlaps the baseline's can be worse for sure, and the other way round."""
    paired = {
        "against": "baseline",
        "images": 400,
        "won": 2,
        "lost": 18,
        "difference": -0.04,
        "difference_ci95": (-0.061, -0.02),
        "p_value": 0.0004,
        "p_holm": 0.0012,
    }
    near = {"accuracy": 0.86, "accuracy_ci95": (0.83, 0.89)}
    told = "(95 % interval -6.1 to -2.0): of 400 test images 18 became wrong and 2 right."
    assert variant_note(variant(**near, paired=paired), BASELINE) == (
        f"Less accurate than the baseline by 4.0 points {told}"
    )
    far = {"accuracy": 0.7, "accuracy_ci95": (0.66, 0.74)}
    assert variant_note(variant(**far, paired=paired | {"p_holm": 0.2}), BASELINE) == ""
    control = variant("control", accuracy=0.9, accuracy_ci95=(0.87, 0.93))
    lost = variant(**near, paired=paired | {"p_holm": 1.0}, paired_control=paired | {"against": "control"})
    assert variant_note(lost, BASELINE, control, "The teacher") == "The teacher cost 4.0 points of accuracy."


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        ("holds", ""),
        ("does not hold", "It does not keep the target to lose at most 2 points of accuracy."),
        ("too few images", "400 test images are too few to tell whether it loses at most 2 points of accuracy."),
    ],
)
def test_a_target_that_is_not_shown_to_hold_is_told(verdict: str, told: str) -> None:
    figures = {"against": "baseline", "images": 400, "won": 0, "lost": 0, "difference": 0.0}
    rest = {"difference_ci95": (-0.01, 0.01), "p_value": 1.0, "p_holm": 1.0, "max_drop": 0.02, "verdict": verdict}
    assert variant_note(variant(paired=figures | rest), BASELINE) == told


def test_several_are_said_in_order_and_training_first() -> None:
    stopped = training_note(NetworkFacts(parameters=1, trainable_parameters=1, trained_epochs=1, stopped_early=True))
    figures = {"model_bytes": 1000, "zip_bytes": 300, "sparsity_fraction": 0.8}
    found = variant_note(variant(note=stopped, latency_ratio_ci95=(0.9, 1.1), **figures), BASELINE)
    assert found == f"Its training was stopped early, after 1 epoch. {ZEROS} {NO_FASTER}"


def test_the_baseline_says_only_that_it_was_stopped() -> None:
    assert variant_note(BASELINE, BASELINE) == ""
    stopped = BASELINE.model_copy(update={"note": "Its training was stopped early, after 3 epochs."})
    assert variant_note(stopped, stopped) == stopped.note


def test_whole_training_needs_no_note() -> None:
    assert training_note(NetworkFacts(parameters=1, trainable_parameters=1, trained_epochs=9)) == ""


def test_the_file_for_micro_is_told_with_its_arena() -> None:
    micro = {
        "file": "models/tflm/x-tflm.tflite",
        "model_bytes": 102_400,
        "zip_bytes": 90_000,
        "arena_bytes": 40_960,
        "plain_arena_bytes": 20_480,
        "images": 200,
        "same_class": 200,
    }
    told = "For TensorFlow Lite Micro 100.0 KiB unzipped, with an arena of 40.0 KiB instead of 20.0."
    assert variant_note(variant(micro=micro), BASELINE) == told
    apart = " It rounds as LiteRT does not, and predicts another class for 3 of 200 images."
    assert variant_note(variant(micro=micro | {"same_class": 197}), BASELINE) == told + apart
