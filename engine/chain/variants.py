"""The variants of a run: one `.tflite` a chain, put into the run's directory and measured as it ships."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine.chain.branches import Branch
from engine.chain.classified_images import ClassifiedImages
from engine.chain.micro_variant import measure_micro, micro_form
from engine.chain.paired_variants import PairedVariants
from engine.chain.repeated_variants import summarised
from engine.chain.run_directory import RunDirectory
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.chain.stage_tree import Stage
from engine.chain.tried_runtimes import with_runtimes
from engine.contract.dataset_settings import DatasetSettings
from engine.contract.events import EngineEvent, Notice, StagePhase, VariantMeasured
from engine.contract.measurements import DecisionThreshold, VariantMeasurement, variant_name
from engine.contract.progress import Progress
from engine.contract.recipe import BASELINE
from engine.contract.repeated_results import ChainSummary
from engine.contract.repeats import Repeat
from engine.contract.target_settings import TargetSettings
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import SampleIndex, Split
from engine.export.feeding_description import described
from engine.feeding.study_images import StudyImages
from engine.measurement.accuracy import both_classes, predicted, share_equal
from engine.measurement.classification import classify
from engine.measurement.delegate_rules import delegate_forecasts
from engine.measurement.figures_per_class import chosen_threshold, untested
from engine.measurement.latency import LatencyFigures
from engine.measurement.machine import LATENCY_THREADS
from engine.measurement.target_limits import kept_limits
from engine.measurement.target_verdict import unjudged_note
from engine.measurement.tflite_file import TfliteFile
from engine.measurement.variant import VariantFile, measure_latencies_together, measure_variant
from engine.measurement.verdict import variant_note
from engine.store.measurement_store import MeasurementStore
from engine.store.prediction_file import PREDICTIONS_FILE, Predictions
from engine.training.control import Control
from engine.workbench.evidence_kinds import earlier_fields, parsed

BATCH = 64


class Variants:
    """Collects the variants of one run, branch after branch, each in the order of its chains, its baseline first."""

    def __init__(
        self,
        directory: RunDirectory,
        measured: MeasurementStore,
        control: Control,
        emit: Callable[[EngineEvent], None],
        controls: Mapping[str, str],
        target: TargetSettings,
        index_of: Callable[[Branch, DatasetSettings | None], SampleIndex],
        splits: Mapping[Repeat, str],
        judges_by_validation: bool = False,
    ) -> None:
        """
        Args:
            controls: chain → the chain that is its control.
            target: what the files are held against.
            index_of: a branch and a dataset, None the recipe's own → its images, as the branch divides them.
            splits: the file of each repetition's split.
            judges_by_validation: whether the files classify the validation images too.
        """
        self._directory = directory
        self._measured = measured
        self._control = control
        self._emit = emit
        self._controls = controls
        self._variants: list[tuple[Stage, str, VariantMeasurement]] = []
        """Stage, key of what is in the store, figures."""
        self._sensitivity = target.sensitivity
        self._baseline_predictions: dict[str, np.ndarray] = {}
        """Branch → what its baseline predicts on the test images."""
        self._index_of, self._splits = index_of, splits
        self._judges_by_validation = judges_by_validation
        self._tested: dict[str, tuple[str, list[str]]] = {}
        """Prepared images → what tells their test images as they came, and the group of each."""
        self._paired = PairedVariants(target)
        self._kept: dict[str, Predictions] = {}
        """File, relative to the run's directory → what is in it: one for each set of test images."""
        self._kept_of: dict[str, tuple[str, DatasetSettings | None]] = {}
        """And of which split and dataset; None: the recipe's own. Other images can have the same names."""
        self.measured_count = 0
        """How many measurements had to be made, latencies included."""

    def add(
        self, chain: str, branch: Branch, stage: Stage, finished: FinishedStage, runner: StageRunner, diverged: str = ""
    ) -> None:
        """Put a finished chain's file into the run with how to feed it, measure it as it ships, and tell.

        Args:
            diverged: why its figures are no result; empty: they are one.
        """
        name = variant_name(chain, branch.name)
        images = runner.images[stage.images]
        stored = runner.tflite(finished.key).read_bytes()
        if self._measured.is_damaged(finished.key):
            message = f"The stored measurements of {name} are damaged, so they are made again."
            self._emit(Notice(severity="warning", message=message))
        known = self._measured.variant(finished.key)
        threshold = known[0].threshold if known else None
        if len(images.dataset.classes) == 2 and (
            threshold is None or threshold.wanted_sensitivity != self._sensitivity
        ):
            threshold = self._chosen_threshold(stored, stage, images)
        content, feeding = described(stored, images.pipeline, images.dataset.classes, untested(threshold))
        own = {one.kind: parsed(one) for one in runner.evidence(finished.key)}
        kept = {one.key: one for one in own.values() if one.kept_as}
        beside = {one.kept_as: one.model_dump_json() for one in kept.values()}
        path = self._directory.add_model(name, content, feeding, beside)
        micro = self._add_micro(name, stage, stored, images, untested(threshold))
        places = {kind: self._directory.name_beside(name, one.kept_as) for kind, one in kept.items()}
        # Another size: it was measured by a version of the program that described files in another way.
        sizes = (len(content), micro and micro.stat().st_size)
        as_known = known is not None and sizes == (known[0].model_bytes, known[0].micro and known[0].micro.model_bytes)
        if known is None or not as_known or untested(known[0].threshold) != untested(threshold):
            steps = tuple(step.label() for step in stage.steps)
            facts = runner.network_facts(finished.network_key)
            dataset = stage.dataset.label() if stage.dataset else ""
            place = self._directory.model_name(name)
            classes = images.dataset.classes
            file = VariantFile(chain, steps, path, place, facts, classes, untested(threshold), dataset)
            known = self._measure(file, branch, stage, images, micro)
            self._measured.keep_variant(finished.key, *known)
        if self._judges_by_validation and known[0].validation_accuracy is None:
            judged = known[0].model_copy(update={"validation_accuracy": self._validated(path, stage, images)})
            known = (judged, known[1])
            self._measured.keep_variant(finished.key, *known)
        if (tried := with_runtimes(known[0], path, images, known[1], self._progress(stage))) is not known[0]:
            self.measured_count += 1
            known = (tried, known[1])
            self._measured.keep_variant(finished.key, *known)
        variant, output = known
        self._baseline_predictions.setdefault(branch.name, predicted(output))
        self._paired.add(name, self._classified(branch, stage, images.dataset, predicted(output)))
        split = self._splits[branch.repeat]
        variant = variant.model_copy(
            update={
                "chain": chain,
                "setting": branch.setting,
                "seed": branch.recipe.seed,
                "fold": branch.repeat.fold and branch.repeat.fold.number,
                "repeat": branch.repeat.name,
                "trial": branch.trial,
                "split": split,
                "steps": tuple(step.label() for step in stage.steps),
                "file": self._directory.model_name(name),
                "file_sha256": hashlib.sha256(content).hexdigest(),
                "micro": variant.micro and variant.micro.model_copy(update={"file": self._directory.micro_name(name)}),
                "diverged": bool(diverged),
                "note": " ".join(filter(None, (diverged, variant.note))),
                "evidence": finished.evidence,
                # Not kept with the stage: a later version may know other rules.
                "delegates": delegate_forecasts(TfliteFile.parse(content).operators),
                "images": images.dataset.image_bytes,
                "control": self._controls.get(chain, ""),
                "predictions": self._keep_predictions(name, output, images.dataset, (split, stage.dataset)),
                **earlier_fields(finished.evidence, places),
            }
        )
        self._variants.append((stage, finished.key, variant))
        self._emit(VariantMeasured(stage=stage.key, variant=variant))

    @property
    def measured(self) -> tuple[VariantMeasurement, ...]:
        """In the order in which they were added."""
        return tuple(variant for _, _, variant in self._variants)

    def measure_latencies(self) -> tuple[VariantMeasurement, ...]:
        """Time all variants in turn, so that drift of the machine hits all alike; tells of each variant again."""
        distinct = {key: stage for stage, key, _ in self._variants}
        figures = self._together(tuple(distinct))
        baselines = {variant.branch: variant for _, _, variant in reversed(self._variants)}
        controls = {(variant.branch, variant.chain): variant for _, _, variant in self._variants}
        paired = self._paired.against_baseline(
            {variant.name: baselines[variant.branch].name for _, _, variant in self._variants},
            {variant.name: key for _, key, variant in self._variants},
        )
        unjudged = unjudged_note(self._paired.target, self.measured, set(paired))
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
            if variant.chain == BASELINE and unjudged:
                variant = variant.model_copy(update={"note": f"{variant.note} {unjudged}".strip()})
            control = controls.get((variant.branch, variant.control))
            comparisons = {
                "paired": paired.get(variant.name),
                "paired_control": self._paired.compared(variant.name, control.name) if control else None,
            }
            limits = kept_limits(self._paired.target, variant)
            variant = variant.model_copy(update=comparisons | {"limits": limits})
            compared = next((step.compared for step in stage.steps if step.control_steps()), "")
            note = variant_note(variant, baselines[variant.branch], control, compared)
            variant = variant.model_copy(update={"note": note, "control": control.chain if control else ""})
            final.append(variant)
            self._emit(VariantMeasured(stage=stage.key, variant=variant))
        return tuple(final)

    def summary(self, measured: Sequence[VariantMeasurement], folds: int) -> tuple[ChainSummary, ...]:
        """Of the variants, as `measure_latencies` gives them, over the repetitions; empty where there is one only."""
        return summarised(measured, self._paired.classified, folds, self._paired.target)

    def _classified(
        self, branch: Branch, stage: Stage, dataset: PreparedDataset, decided: np.ndarray
    ) -> ClassifiedImages:
        rows = dataset.splits[Split.TEST]
        paths = [dataset.paths[row] for row in rows]
        if stage.images not in self._tested:
            # All files of these images share it: there may be 100,000 samples to go through.
            samples = {sample.path: sample for sample in self._index_of(branch, stage.dataset).samples}
            as_they_came = "\n".join(f"{path}\0{samples[path].stamp}" for path in paths)
            digest = hashlib.sha256(as_they_came.encode()).hexdigest()
            self._tested[stage.images] = (digest, [samples[path].group for path in paths])
        digest, groups = self._tested[stage.images]
        return ClassifiedImages(
            images=stage.images,
            test_images=digest,
            train_images=len(dataset.splits[Split.TRAIN]),
            labels=dataset.labels[rows],
            predicted=decided,
            classes=dataset.classes,
            groups=groups if any(groups) else (),
        )

    def _add_micro(
        self, name: str, stage: Stage, stored: bytes, images: StudyImages, threshold: DecisionThreshold | None
    ) -> Path | None:
        """Put the file for TensorFlow Lite Micro into the run, described as the other; None: there is none."""
        content = micro_form(stage, stored)
        if content is None:
            return None
        shipped, _ = described(content, images.pipeline, images.dataset.classes, threshold)
        return self._directory.add_micro(name, shipped)

    def _measure(
        self, file: VariantFile, branch: Branch, stage: Stage, images: StudyImages, micro: Path | None
    ) -> tuple[VariantMeasurement, np.ndarray]:
        self.measured_count += 1
        progress = self._progress(stage)
        variant, output = measure_variant(
            file,
            _batches(images, Split.TEST),
            images.dataset.labels[images.dataset.splits[Split.TEST]],
            self._baseline_predictions.get(branch.name),
            LATENCY_THREADS,
            progress,
        )
        if micro is None:
            return variant, output
        place, decided = micro.relative_to(self._directory.path).as_posix(), predicted(output)
        found = measure_micro(file.path, micro, place, variant.macs, images, decided, progress)
        return variant.model_copy(update={"micro": found}), output

    def _progress(self, stage: Stage) -> Progress:
        return self._control.progress(lambda phase: self._emit(StagePhase(stage=stage.key, phase=phase)))

    def _validated(self, file: Path, stage: Stage, images: StudyImages) -> float:
        """The share of the validation images that a file classifies rightly."""
        progress = self._progress(stage)
        progress.phase("measuring validation accuracy")
        labels = images.dataset.labels[images.dataset.splits[Split.VALIDATION]]
        return share_equal(predicted(classify(file, _batches(images, Split.VALIDATION), progress)), labels)

    def _chosen_threshold(self, content: bytes, stage: Stage, images: StudyImages) -> DecisionThreshold | None:
        """On the validation images, by the file as it is before it is described."""
        progress = self._progress(stage)
        progress.phase("choosing the decision threshold")
        output = classify(content, _batches(images, Split.VALIDATION), progress)
        labels = images.dataset.labels[images.dataset.splits[Split.VALIDATION]]
        return chosen_threshold(labels, both_classes(output), images.dataset.classes, self._sensitivity)

    def _keep_predictions(
        self, name: str, output: np.ndarray, dataset: PreparedDataset, of: tuple[str, DatasetSettings | None]
    ) -> str:
        """Add a variant to those of the same test images; where they are kept, relative to the run's directory.

        Args:
            of: the file of the split, and the dataset where it is not the recipe's own.
        """
        rows = dataset.splits[Split.TEST]
        paths, labels = tuple(dataset.paths[row] for row in rows), dataset.labels[rows]
        alike = (
            file
            for file, kept in self._kept.items()
            if (kept.paths, kept.classes, self._kept_of[file]) == (paths, dataset.classes, of)
        )
        number = len(self._kept) + 1
        new = PREDICTIONS_FILE if number == 1 else PREDICTIONS_FILE.replace(".", f"-{number}.")
        file = next(alike, new)
        earlier = self._kept.get(file)
        probabilities, predictions = both_classes(output)[None], predicted(output)[None]
        kept = Predictions(
            paths,
            labels,
            dataset.classes,
            (*(earlier.variants if earlier else ()), name),
            np.concatenate([earlier.probabilities, probabilities]) if earlier else probabilities,
            np.concatenate([earlier.predicted, predictions]) if earlier else predictions,
        )
        kept.write(self._directory.path / file)
        self._kept[file], self._kept_of[file] = kept, of
        return file

    def _together(self, keys: tuple[str, ...]) -> dict[str, LatencyFigures]:
        stored = self._measured.latencies(keys)
        if stored is not None:
            return {key: _figures(stored[key]) for key in keys}
        self._emit(Notice(message="Measuring the latency of all variants in turn."))
        files = {key: self._directory.path / variant.file for _, key, variant in self._variants}
        first_of = {variant.branch: key for _, key, variant in reversed(self._variants)}
        figures = measure_latencies_together(
            files,
            threads=LATENCY_THREADS,
            progress=self._control.progress(),
            baselines={key: first_of[variant.branch] for _, key, variant in self._variants},
        )
        self._measured.keep_latencies(keys, {key: asdict(latency) for key, latency in figures.items()})
        self.measured_count += 1
        return figures


def _batches(images: StudyImages, split: Split) -> Iterator[np.ndarray]:
    rows = images.dataset.splits[split]
    for start in range(0, len(rows), BATCH):
        yield images.pipeline.feed(images.dataset.images[rows[start : start + BATCH]])


def _figures(document: dict[str, Any]) -> LatencyFigures:
    return LatencyFigures(**(document | {"ratio_ci95": tuple(document["ratio_ci95"])}))
