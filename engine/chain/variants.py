"""The variants of a run: one `.tflite` a chain, put into the run's directory and measured as it ships."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.chain.planning import LATENCY_THREADS
from engine.chain.run_directory import RunDirectory
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.chain.stage_tree import Stage
from engine.contract.events import EngineEvent, Notice, StagePhase, VariantMeasured
from engine.contract.measurements import VariantMeasurement
from engine.datasets.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.imaging.pipeline import ImagePipeline
from engine.measurement.latency import LatencyFigures
from engine.measurement.variant import VariantFile, measure_latencies_together, measure_variant
from engine.measurement.verdict import variant_note
from engine.store.measurement_store import MeasurementStore
from engine.training.control import Control

TEST_BATCH = 64


class Variants:
    """Collects the variants of one run in the order of its chains, the baseline first."""

    def __init__(
        self,
        dataset: PreparedDataset,
        pipeline: ImagePipeline,
        directory: RunDirectory,
        measured: MeasurementStore,
        control: Control,
        emit: Callable[[EngineEvent], None],
    ) -> None:
        self._dataset = dataset
        self._pipeline = pipeline
        self._directory = directory
        self._measured = measured
        self._control = control
        self._emit = emit
        self._variants: list[tuple[Stage, str, VariantMeasurement]] = []
        """Stage, key of what is in the store, figures."""
        self._baseline_decisions: np.ndarray | None = None
        self.measured_count = 0
        """How many measurements had to be made, latencies included."""

    def add(self, chain: str, stage: Stage, finished: FinishedStage, runner: StageRunner) -> None:
        """Copy a finished chain's file into the run, measure it, and tell."""
        preprocessing = self._pipeline.preprocessing(self._dataset.classes).model_dump_json(indent=2)
        file = self._directory.add_model(chain, runner.tflite(finished.key), preprocessing)
        known = self._measured.variant(finished.key)
        if known is None:
            known = self._measure(chain, stage, finished, runner, file)
            self._measured.keep_variant(finished.key, *known)
        variant, decisions = known
        if self._baseline_decisions is None:
            self._baseline_decisions = decisions
        variant = variant.model_copy(
            update={
                "chain": chain,
                "steps": tuple(step.label() for step in stage.steps),
                "file": self._directory.model_name(chain),
            }
        )
        self._variants.append((stage, finished.key, variant))
        self._emit(VariantMeasured(stage=stage.key, variant=variant))

    def measure_latencies(self) -> tuple[VariantMeasurement, ...]:
        """Time all variants in turn, so that drift of the machine hits all alike; tells of each variant again."""
        distinct = {key: stage for stage, key, _ in self._variants}
        figures = self._together(tuple(distinct))
        baseline = self._variants[0][2]
        final = []
        for stage, key, variant in self._variants:
            latency = figures[key]
            variant = variant.model_copy(
                update={
                    "latency_p50_ms": latency.p50_ms,
                    "latency_p95_ms": latency.p95_ms,
                    "latency_ratio": latency.ratio,
                    "latency_ratio_ci95": latency.ratio_ci95,
                    "threads": latency.threads,
                }
            )
            variant = variant.model_copy(update={"note": variant_note(variant, baseline)})
            final.append(variant)
            self._emit(VariantMeasured(stage=stage.key, variant=variant))
        return tuple(final)

    def _measure(
        self, chain: str, stage: Stage, finished: FinishedStage, runner: StageRunner, file: Path
    ) -> tuple[VariantMeasurement, np.ndarray]:
        def say_phase(phase: str) -> None:
            self._control.hold_if_paused()
            self._emit(StagePhase(stage=stage.key, phase=phase))

        facts = runner.network_facts(finished.network_key)
        self.measured_count += 1
        steps = tuple(step.label() for step in stage.steps)
        return measure_variant(
            VariantFile(chain, steps, file, self._directory.model_name(chain), facts),
            self._test_batches(),
            self._dataset.labels[self._dataset.splits[Split.TEST]],
            self._baseline_decisions,
            LATENCY_THREADS,
            self._control.raise_if_cancelled,
            say_phase,
        )

    def _test_batches(self) -> Iterator[np.ndarray]:
        rows = self._dataset.splits[Split.TEST]
        for start in range(0, len(rows), TEST_BATCH):
            yield self._pipeline.feed(self._dataset.images[rows[start : start + TEST_BATCH]])

    def _together(self, keys: tuple[str, ...]) -> dict[str, LatencyFigures]:
        stored = self._measured.latencies(keys)
        if stored is not None:
            return {key: _figures(stored[key]) for key in keys}
        self._emit(Notice(message="Measuring the latency of all variants in turn."))
        files = {key: self._directory.path / variant.file for _, key, variant in self._variants}
        figures = measure_latencies_together(
            files, threads=LATENCY_THREADS, raise_if_cancelled=self._control.raise_if_cancelled
        )
        self._measured.keep_latencies(keys, {key: asdict(latency) for key, latency in figures.items()})
        self.measured_count += 1
        return figures


def _figures(document: dict[str, Any]) -> LatencyFigures:
    return LatencyFigures(**(document | {"ratio_ci95": tuple(document["ratio_ci95"])}))
