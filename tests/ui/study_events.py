"""The events of a study as the engine tells them: four stages of which two train, six variants, sixteen epochs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from engine.contract.events import (
    BatchProgress,
    DatasetReady,
    EngineEvent,
    EpochFinished,
    Notice,
    PlannedStage,
    PreparationProgress,
    RunFinished,
    RunStarted,
    StageFinished,
    StagePhase,
    StageStarted,
    VariantMeasured,
)
from engine.contract.image_settings import DwtSettings
from engine.contract.measurements import DatasetSummary, ImageBytes, SkippedFile, VariantMeasurement
from engine.contract.recipe import Recipe
from engine.contract.recipe_file import recipe_text
from engine.contract.run_result import RunResult
from engine.datasets.files.phantom_heart import draw_heart
from engine.imaging.wavelet import SUBBANDS, decompose

RUN = "20260131-142501-ultrasound-3f9a"
STARTED = 1_769_869_501.0
CHAINS = ("baseline", "PRN", "PRQ", "PR-int8", "dynamic range", "int8")

BASELINE, PRUNING, DYNAMIC, INT8 = "a" * 64, "b" * 64, "c" * 64, "d" * 64

STAGES = (
    PlannedStage(
        key=BASELINE, parent=None, title="Baseline resnet18 ×0.25", kind="baseline", chains=CHAINS, epochs=10,
        estimated_seconds=80,
    ),
    PlannedStage(
        key=PRUNING, parent=BASELINE, title="pruning 80 %", kind="step", step="magnitude_pruning",
        chains=("PRN", "PRQ", "PR-int8"), epochs=6, estimated_seconds=48,
    ),
    PlannedStage(
        key=DYNAMIC, parent=PRUNING, title="dynamic range", kind="step", step="post_training_quantization",
        chains=("PRQ",), estimated_seconds=2,
    ),
    PlannedStage(
        key=INT8, parent=BASELINE, title="int8", kind="step", step="post_training_quantization", chains=("int8",),
        estimated_seconds=3,
    ),
)  # fmt: skip

DATASET = DatasetSummary(
    classes=("benign", "malignant"),
    train=1120,
    validation=240,
    test=240,
    skipped=(SkippedFile(path="malignant/0231.png", reason="it is cut off"),),
    counts={"train": {"benign": 560, "malignant": 560}},
)
SIZES = ImageBytes(bytes_before=41_943_040, bytes_after=18_824_415, compression_ratio=2.228, space_gain=0.551)


def variant(chain: str, **changes: object) -> VariantMeasurement:
    """A variant with plausible figures; the baseline's, except for what its chain does to them."""
    place = CHAINS.index(chain) if chain in CHAINS else 1
    pruned, small = chain.startswith("PR"), chain not in ("baseline", "PRN")
    last = ("int8" if "int8" in chain else "dynamic range",) if small else ()
    steps = (("pruning 80 %",) if pruned else ()) + last
    size = 746_880 if small else 2_810_548
    accuracy = 0.925 - 0.0125 * place
    figures: dict[str, object] = {
        "chain": chain,
        "steps": steps,
        "file": f"models/{chain}.tflite",
        "accuracy": accuracy,
        "accuracy_ci95": (accuracy - 0.04, accuracy + 0.03),
        "agreement": 1.0 - 0.02 * place,
        "model_bytes": size,
        "zip_bytes": round(size * (0.33 if pruned else 0.92)),
        "parameters": 703_057,
        "nonzero_parameters": 146_000 if pruned else 703_057,
        "trainable_parameters": 700_657,
        "sparsity_fraction": 0.8 if pruned else 0.0,
        "unique_weights": 255 if small else 294_912,
        "macs": 35_653_632,
        "latency_p50_ms": 0.25 + 0.06 * place,
        "latency_p95_ms": 0.37 + 0.08 * place,
        "peak_memory_bytes": 9_437_184 + 100_000 * place,
        "epoch_seconds": 3.1,
        "latency_ratio": 1.0 + 0.2 * place,
        "latency_ratio_ci95": (0.95 + 0.2 * place, 1.05 + 0.2 * place),
        "cpu": "Intel Xeon",
        "weight_dtypes": ("int8",) if small else ("float32",),
        "note": "Slower than the baseline on this machine, though its file is smaller." if chain == "int8" else "",
    }
    return VariantMeasurement.model_validate(figures | changes)


def write_samples(path: Path) -> Path:
    """Real drawn hearts, three per class, with their subbands."""
    images = np.stack([draw_heart(np.random.default_rng((5, n)), sick=n >= 3) for n in range(6)])[..., None]
    bands = decompose(images.astype(np.float32) / 255, DwtSettings())
    np.savez(
        path,
        images=images,
        labels=np.repeat([0, 1], 3),
        classes=np.asarray(DATASET.classes),
        subbands=np.stack([bands[name] for name in SUBBANDS], axis=1).astype(np.float32),
        fed=np.asarray(["LL"]),
    )
    return path


def epoch(stage: str, number: int, epochs: int, begin_loss: float = 0.75) -> EpochFinished:
    fall = math.exp(-0.35 * number)
    return EpochFinished(
        stage=stage,
        epoch=number,
        epochs=epochs,
        loss=begin_loss * fall + 0.12,
        accuracy=0.95 - 0.42 * fall,
        validation_loss=begin_loss * fall + 0.18 + 0.03 * math.sin(2.1 * number),
        validation_accuracy=0.92 - 0.42 * fall + 0.02 * math.sin(1.7 * number),
        learning_rate=1e-3,
        seconds=3.1,
    )


def preparation_events(directory: Path) -> list[EngineEvent]:
    """Before any stage."""
    text = recipe_text(Recipe())
    return [
        RunStarted(run=RUN, directory=str(directory), name="ultrasound-prq", recipe=text, stages=STAGES),
        PreparationProgress(done=400, total=1600, seconds_left=6.0),
        PreparationProgress(done=1600, total=1600, seconds_left=0.0),
    ]


def training_events(stage: str, epochs: int, begin_loss: float = 0.75) -> list[EngineEvent]:
    """A stage that trains, from its start until before its end."""
    events: list[EngineEvent] = [StageStarted(stage=stage)]
    for number in range(1, epochs + 1):
        events.append(
            BatchProgress(
                stage=stage, epoch=number, epochs=epochs, batch=17, batches=35, loss=0.4, accuracy=0.8,
                seconds_left=3.1 * (epochs - number + 0.5),
            )
        )  # fmt: skip
        events.append(epoch(stage, number, epochs, begin_loss))
    return events


def measured(stage: str, *chains: str) -> list[EngineEvent]:
    return [VariantMeasured(stage=stage, variant=variant(chain)) for chain in chains]


def study_events(directory: Path) -> list[EngineEvent]:
    """The whole study, to its end."""
    directory.mkdir(parents=True, exist_ok=True)
    samples = write_samples(directory / "samples.npz")
    events = [
        *preparation_events(directory),
        DatasetReady(dataset=DATASET, images=SIZES, cached=False, samples=str(samples)),
        *training_events(BASELINE, 10),
        StagePhase(stage=BASELINE, phase="converting to .tflite"),
        StageFinished(stage=BASELINE, seconds=69.4),
        *measured(BASELINE, "baseline"),
        *training_events(PRUNING, 6, begin_loss=0.5),
        StageFinished(stage=PRUNING, seconds=42.1),
        *measured(PRUNING, "PRN"),
        StageStarted(stage=DYNAMIC),
        StageFinished(stage=DYNAMIC, seconds=0.2),
        *measured(DYNAMIC, "PRQ", "PR-int8"),
        StageStarted(stage=INT8),
        StagePhase(stage=INT8, phase="calibrating"),
        StageFinished(stage=INT8, seconds=1.8),
        *measured(INT8, "dynamic range", "int8"),
        Notice(message="Measuring the latency of all variants in turn."),
        RunFinished(result=result(directory), seconds=130.0),
    ]
    return [event.model_copy(update={"time": STARTED + second}) for second, event in enumerate(events)]


def result(directory: Path) -> RunResult:
    return RunResult(
        run=RUN, directory=str(directory), dataset=DATASET, images=SIZES, stages_computed=4,
        variants=tuple(variant(chain) for chain in CHAINS),
    )  # fmt: skip


def until(events: list[EngineEvent], kind: type[EngineEvent], number: int = 1) -> list[EngineEvent]:
    """Events up to the `number`th of a kind, with it."""
    places = [place for place, event in enumerate(events) if isinstance(event, kind)]
    return events[: places[number - 1] + 1]
