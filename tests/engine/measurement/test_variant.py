"""One file's measurement as a whole, and what is said of it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.contract.errors import Cancelled
from engine.contract.measurements import VariantMeasurement
from engine.contract.network_facts import NetworkFacts
from engine.contract.progress import Progress
from engine.measurement.classification import classify
from engine.measurement.variant import VariantFile, measure_latencies_together, measure_variant
from tests.engine.measurement.conftest import SampleFiles

CLASSES = tuple("abcdefghij")
FACTS = NetworkFacts(parameters=43_000, trainable_parameters=42_900, epoch_seconds=1.5, trained_epochs=4)


def batches(sample_files: SampleFiles) -> Iterator[np.ndarray]:
    yield sample_files.images[:7]
    yield sample_files.images[7:]


def labels_of(sample_files: SampleFiles) -> np.ndarray:
    """Ten of the forty are wrong, by the float network's decisions."""
    labels = sample_files.decisions.copy()
    labels[:10] = (labels[:10] + 1) % 10
    return labels


def measured(
    sample_files: SampleFiles, name: str, baseline: np.ndarray | None, phases: list[str]
) -> tuple[VariantMeasurement, np.ndarray]:
    return measure_variant(
        VariantFile(name, ("a step",), sample_files.path(name), f"models/{name}.tflite", FACTS, CLASSES),
        batches(sample_files),
        labels_of(sample_files),
        baseline,
        1,
        Progress(on_phase=phases.append),
    )


def test_every_figure_is_that_of_the_file(sample_files: SampleFiles, tmp_path: Path) -> None:
    phases: list[str] = []
    baseline, output = measured(sample_files, "float32", None, phases)
    assert phases == ["measuring accuracy", "measuring latency and memory"]
    np.testing.assert_allclose(output, sample_files.probabilities, atol=1e-5)
    assert baseline.accuracy == 0.75
    assert sum(map(sum, baseline.confusion)) == 40
    assert sum(baseline.confusion[place][place] for place in range(10)) == 30
    assert baseline.threshold is None, "there are ten classes"
    assert baseline.accuracy_ci95 == pytest.approx((0.5981, 0.8581), abs=1e-4)
    assert baseline.agreement == 1
    assert baseline.model_bytes == len(sample_files.path("float32").read_bytes())
    zeros = sum(np.count_nonzero(kernel == 0) for kernel in sample_files.kernels)
    assert baseline.nonzero_parameters == 43_000 - zeros
    assert (baseline.parameters, baseline.trainable_parameters, baseline.epoch_seconds) == (43_000, 42_900, 1.5)
    with zipfile.ZipFile(tmp_path / "one.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(sample_files.path("float32"), "model.tflite")
    assert baseline.zip_bytes == pytest.approx((tmp_path / "one.zip").stat().st_size, abs=64)
    assert baseline.peak_memory_bytes > baseline.model_bytes
    assert baseline.cpu
    assert VariantMeasurement.model_validate_json(baseline.model_dump_json()) == baseline


def test_agreement_is_with_the_baselines_decisions(sample_files: SampleFiles) -> None:
    contrary = sample_files.decisions.copy()
    contrary[:4] = (contrary[:4] + 1) % 10
    variant, output = measured(sample_files, "converter_float16", contrary, [])
    np.testing.assert_array_equal(output.argmax(axis=1), sample_files.decisions)
    assert variant.agreement == 0.9


def test_integer_input_and_output_give_the_same_probabilities(sample_files: SampleFiles) -> None:
    """The caller's rounding and the file's own QUANTIZE differ at ties only."""
    inside, outside = (
        classify(sample_files.path(name), batches(sample_files)) for name in ("converter_int8", "converter_int8_io")
    )
    assert inside.dtype == outside.dtype == np.float32
    assert np.mean(inside == outside) > 0.98
    assert sample_files.probabilities.std(axis=0).max() > 0.05
    assert np.abs(outside - sample_files.probabilities).mean() < 0.02


def test_a_single_unit_is_classified(sample_files: SampleFiles) -> None:
    found = classify(sample_files.path("sigmoid"), [sample_files.images[:1], sample_files.images[1:3]])
    assert found.shape == (3, 1)


def test_classifying_can_be_cancelled_within_a_batch(sample_files: SampleFiles) -> None:
    asked = []

    def raise_if_cancelled() -> None:
        asked.append(None)
        if len(asked) > 5:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        classify(sample_files.path("float32"), [sample_files.images], Progress(raise_if_cancelled))
    assert len(asked) < len(sample_files.images)


def test_latencies_together_are_against_the_first(sample_files: SampleFiles) -> None:
    paths = {name: sample_files.path(name) for name in ("large", "float32")}
    figures = measure_latencies_together(paths, threads=1)
    assert figures["large"].ratio == 1
    assert figures["float32"].ratio < 0.5
