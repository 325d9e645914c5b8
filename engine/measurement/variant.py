"""Measures one variant: everything that is said of a `.tflite` is found in, or with, the file that ships."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.measurements import DecisionThreshold, VariantMeasurement
from engine.contract.network_facts import NetworkFacts
from engine.contract.progress import UNWATCHED, Progress
from engine.measurement.accuracy import both_classes, predicted, share_equal, wilson_interval
from engine.measurement.classification import classify
from engine.measurement.clean_process import LONGEST_S, measure_in_clean_process
from engine.measurement.figures_per_class import at_threshold, prediction_figures
from engine.measurement.latency import LatencyFigures
from engine.measurement.machine import cpu_name
from engine.measurement.measurement_job import LatencyJob, MemoryJob
from engine.measurement.size import zipped_bytes
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.verdict import training_note

LONGEST_LATENCY_S_A_FILE = 120.0
"""Twice and more what timing one slow network takes, warm-up included."""


@dataclass(frozen=True)
class VariantFile:
    """A finished chain's file, and what is known of it."""

    chain: str
    steps: tuple[str, ...]
    path: Path
    relative_name: str
    """Within the run's directory, with forward slashes."""
    facts: NetworkFacts
    classes: tuple[str, ...]
    threshold: DecisionThreshold | None = None
    """Chosen on the validation images, of two classes."""
    dataset: str = ""
    """The label of the dataset that it is measured on, where that is not the recipe's own."""


def measure_variant(
    variant: VariantFile,
    test_batches: Iterable[np.ndarray],
    test_labels: np.ndarray,
    baseline_predictions: np.ndarray | None,
    threads: int,
    progress: Progress,
) -> tuple[VariantMeasurement, np.ndarray]:
    """All figures of one file, with a first latency of its own; and its output for the test images.

    Args:
        test_batches: float32 (n, height, width, channels) each, as the network is fed.
        test_labels: int64 (n,).
        baseline_predictions: int64 (n,); None for the baseline itself.
        threads: of the interpreter that is timed.
        progress: asked by more than one thread.

    Raises:
        NutshellError: the file is damaged or does not run here.
        Cancelled: out of `progress`.

    Returns:
        The figures, and float32 (n, classes or 1).
    """
    progress.phase("measuring accuracy")
    output = classify(variant.path, test_batches, progress)
    predictions, probabilities = predicted(output), both_classes(output)
    right = int((predictions == test_labels).sum())
    agreement = None if variant.dataset else 1.0
    if baseline_predictions is not None and not variant.dataset:
        agreement = share_equal(predictions, baseline_predictions)
    threshold = variant.threshold and at_threshold(variant.threshold, test_labels, probabilities)
    progress.phase("measuring latency and memory")
    latency = measure_latencies_together({variant.chain: variant.path}, threads, progress)[variant.chain]
    memory = measure_in_clean_process(MemoryJob(file=str(variant.path)), progress).peak_memory_bytes
    file = TfliteFile.read(variant.path)
    return VariantMeasurement(
        chain=variant.chain,
        steps=variant.steps,
        file=variant.relative_name,
        accuracy=right / len(test_labels),
        accuracy_ci95=wilson_interval(right, len(test_labels)),
        agreement=agreement,
        **prediction_figures(test_labels, predictions, probabilities, variant.classes),  # type: ignore[arg-type]
        threshold=threshold,
        model_bytes=variant.path.stat().st_size,
        zip_bytes=zipped_bytes(variant.path),
        parameters=variant.facts.parameters,
        nonzero_parameters=variant.facts.parameters - file.zero_kernel_values,
        trainable_parameters=variant.facts.trainable_parameters,
        sparsity_fraction=file.sparsity_fraction,
        unique_weights=file.unique_weights,
        macs=file.macs,
        latency_p50_ms=latency.p50_ms,
        latency_p95_ms=latency.p95_ms,
        peak_memory_bytes=memory,
        epoch_seconds=variant.facts.epoch_seconds,
        threads=threads,
        cpu=cpu_name(),
        weight_dtypes=file.weight_dtypes,
        float_operators=file.float_operators,
        note=training_note(variant.facts),
        dataset=variant.dataset,
    ), output


def measure_latencies_together(
    files: Mapping[str, Path],
    threads: int,
    progress: Progress = UNWATCHED,
    baselines: Mapping[str, str] | None = None,
) -> dict[str, LatencyFigures]:
    """Latencies of all files, timed in turn in one clean process.

    Args:
        baselines: name → name of the file that its ratio is taken against; without: the first file.

    Raises:
        NutshellError: a file is damaged or does not run here.
        Cancelled: out of `progress`.
    """
    paths = {name: str(path) for name, path in files.items()}
    job = LatencyJob(files=paths, threads=threads, baselines=dict(baselines or {}))
    longest_s = max(LONGEST_S, LONGEST_LATENCY_S_A_FILE * len(files))
    return measure_in_clean_process(job, progress, longest_s).latencies
