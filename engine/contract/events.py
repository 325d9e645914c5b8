"""What the engine reports while it works: typed, versioned, one JSON document per line."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from engine.contract.evidence import StageEvidence
from engine.contract.findings import Finding
from engine.contract.measurements import DatasetSummary, ImageBytes, TransformFigures, VariantMeasurement
from engine.contract.rate_curve import RateCurve, TriedRate
from engine.contract.run_result import RunResult
from engine.contract.sensitivity import Sensitivity
from engine.contract.training_settings import epochs_text


class EngineEvent(BaseModel):
    """Base of all events; `time` is seconds since the epoch, UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    version: Literal[1] = 1
    time: float = Field(default_factory=time.time)


class PlannedStage(BaseModel):
    """A node of the stage tree."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    key: str
    """Hash of everything that the stage depends on."""
    parent: str | None
    title: str
    """Such as "Baseline resnet18 ×0.25" or "pruning 80 %"."""
    kind: Literal["baseline", "step", "conversion"]
    step: str = ""
    """The step's key, for a stage of kind "step"."""
    chains: tuple[str, ...] = ()
    """The chains that pass through this stage."""
    setting: str = ""
    """The image setting that it trains on; empty where the recipe has one only."""
    repeat: str = ""
    """Such as "seed 2, fold 1"; empty where the recipe repeats nothing."""
    trial: int | None = None
    """Of a search."""
    epochs: int = 0
    """Epochs that it trains, at most where it is `open_ended`; 0 where it does not train."""
    open_ended: bool = False
    """Whether it trains until nothing more is gained."""
    estimated_seconds: float = 0.0
    estimated_disk_bytes: int = 0
    estimated_memory_bytes: int = 0

    @property
    def epochs_text(self) -> str:
        """For tables."""
        return epochs_text(self.epochs, self.open_ended)


class RunStarted(EngineEvent):
    event: Literal["run_started"] = "run_started"
    run: str
    directory: str
    name: str
    recipe: str
    """The recipe as TOML."""
    stages: tuple[PlannedStage, ...]
    """Parents before children."""
    findings: tuple[Finding, ...] = ()


class StagesPlanned(EngineEvent):
    """A search begins a trial: these stages come to those that are known."""

    event: Literal["stages_planned"] = "stages_planned"
    stages: tuple[PlannedStage, ...]


class TrialFinished(EngineEvent):
    """A trial of a search has ended."""

    event: Literal["trial_finished"] = "trial_finished"
    trial: int
    trials: int | None
    """How many there will be; None where the time decides."""
    state: Literal["done", "stopped", "failed"]
    reason: str = ""
    settings: dict[str, Any]
    values: dict[str, float]
    """Empty where it was not done."""
    front: tuple[int, ...]
    """The trials that no other beats so far."""
    seconds_left: float | None = None
    """Of the whole search."""


class PreparationProgress(EngineEvent):
    """Reading and decoding the images."""

    event: Literal["preparation_progress"] = "preparation_progress"
    done: int
    total: int
    seconds_left: float | None = None


class DatasetReady(EngineEvent):
    """The images of one setting are prepared."""

    event: Literal["dataset_ready"] = "dataset_ready"
    dataset: DatasetSummary
    images: ImageBytes
    transform: TransformFigures | None = None
    """What the wavelet transform keeps; None where there is none."""
    setting: str = ""
    """Empty where the recipe has one image setting only."""
    cached: bool
    """Whether the decoded images came from the cache."""
    samples: str = ""
    """An `.npz` in the run's directory: `images` uint8 (n, h, w, c), `labels`, `classes`, `subbands` float32
    (n, 4, h', w', c) in the order LL, LH, HL, HH of the fed level, and `fed` (names of the subbands fed; empty
    without DWT)."""


class DeviceFound(EngineEvent):
    """TensorFlow has started."""

    event: Literal["device_found"] = "device_found"
    device: str
    """What it computes on, such as "CPU, 2 cores"."""


class StageStarted(EngineEvent):
    event: Literal["stage_started"] = "stage_started"
    stage: str
    resumed_epoch: int = 0
    """Epochs that an earlier run had finished already."""


class StagePhase(EngineEvent):
    """What a stage is doing where there is no epoch to count: "converting", "calibrating", "measuring accuracy" …"""

    event: Literal["stage_phase"] = "stage_phase"
    stage: str
    phase: str


class BatchProgress(EngineEvent):
    """At most ten per second."""

    event: Literal["batch_progress"] = "batch_progress"
    stage: str
    epoch: int
    """From 1."""
    epochs: int
    batch: int
    batches: int
    loss: float
    accuracy: float
    seconds_left: float
    """Of this stage."""


class FeatureProgress(EngineEvent):
    """Computing the features of a frozen base, before the first epoch; at most ten per second."""

    event: Literal["feature_progress"] = "feature_progress"
    stage: str
    done: int
    total: int
    """Images."""
    seconds_left: float
    """Of computing features."""


class EpochFinished(EngineEvent):
    event: Literal["epoch_finished"] = "epoch_finished"
    stage: str
    epoch: int
    epochs: int
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    """Training and its share of the feed, without validation."""
    sparsity_fraction: float | None = None
    whole_seconds: float | None = None
    """With validation, and with saving the epoch before."""
    """Zeros among the kernels that the step prunes, where it prunes."""
    test_accuracy: float | None = None
    """Of the network as it was after this epoch, where the recipe's `test_epochs` names it."""
    kept_epoch: int | None = None
    """Whose weights the training would leave if it ended now; None: not known, as of a stage that is reused."""


class EvidenceFound(EngineEvent):
    """A step has found evidence; it replaces the stage's earlier evidence of that kind."""

    event: Literal["evidence_found"] = "evidence_found"
    stage: str
    evidence: StageEvidence


class StageFinished(EngineEvent):
    event: Literal["stage_finished"] = "stage_finished"
    stage: str
    seconds: float
    reused: bool = False
    """An earlier run had computed it."""
    stopped_early: bool = False


class StageFailed(EngineEvent):
    """A step could not be finished: neither can the stages behind it, and all others go on."""

    event: Literal["stage_failed"] = "stage_failed"
    stage: str
    message: str


class VariantMeasured(EngineEvent):
    """A variant's file is measured, or measured again (the last one holds)."""

    event: Literal["variant_measured"] = "variant_measured"
    stage: str
    variant: VariantMeasurement


class Paused(EngineEvent):
    event: Literal["paused"] = "paused"


class Resumed(EngineEvent):
    event: Literal["resumed"] = "resumed"


class Notice(EngineEvent):
    """A sentence for the log pane."""

    event: Literal["notice"] = "notice"
    severity: Literal["note", "warning"] = "note"
    message: str


class RunFinished(EngineEvent):
    event: Literal["run_finished"] = "run_finished"
    result: RunResult
    seconds: float


class RateSearchPhase(EngineEvent):
    """What a search for a learning rate does while it tries none: "starting TensorFlow" …"""

    event: Literal["rate_search_phase"] = "rate_search_phase"
    phase: str


class RateTried(EngineEvent):
    """A search for a learning rate has tried a rate."""

    event: Literal["rate_tried"] = "rate_tried"
    tried: TriedRate
    done: int
    total: int
    seconds_left: float


class RatesFound(EngineEvent):
    """A search for a learning rate has ended."""

    event: Literal["rates_found"] = "rates_found"
    curve: RateCurve


class SensitivityPhase(EngineEvent):
    """What a measurement of sensitivity does while it measures no layer: "calibrating" …"""

    event: Literal["sensitivity_phase"] = "sensitivity_phase"
    phase: str


class LayerMeasured(EngineEvent):
    """A measurement of sensitivity has changed a layer; at most ten per second."""

    event: Literal["layer_measured"] = "layer_measured"
    layer: str
    done_fraction: float
    """Of all layers and schemes, 0 to 1."""
    seconds_left: float


class SensitivityFound(EngineEvent):
    """A measurement of sensitivity has ended."""

    event: Literal["sensitivity_found"] = "sensitivity_found"
    sensitivity: Sensitivity
    kept: bool = False
    """Whether an earlier measurement had found it."""


class RunFailed(EngineEvent):
    event: Literal["run_failed"] = "run_failed"
    message: str
    exit_code: int
    log: str = ""
    """The log with the details."""
    result: RunResult | None = None
    """Of the chains that did not fail, where the run went on to its end; `result.failed` names the others."""


class RunCancelled(EngineEvent):
    event: Literal["run_cancelled"] = "run_cancelled"
    message: str = "Cancelled; every finished stage is kept, and running the recipe again continues from there."


Event = Annotated[
    RunStarted
    | StagesPlanned
    | TrialFinished
    | PreparationProgress
    | DatasetReady
    | DeviceFound
    | StageStarted
    | StagePhase
    | BatchProgress
    | FeatureProgress
    | EpochFinished
    | EvidenceFound
    | StageFinished
    | StageFailed
    | VariantMeasured
    | Paused
    | Resumed
    | Notice
    | RunFinished
    | RateSearchPhase
    | RateTried
    | RatesFound
    | SensitivityPhase
    | LayerMeasured
    | SensitivityFound
    | RunFailed
    | RunCancelled,
    Field(discriminator="event"),
]


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Event]:
    """Built at the first event: building its schema would delay the start of the window."""
    return TypeAdapter(Event)


def event_line(event: EngineEvent) -> str:
    """The event as one line of JSON, without the line end."""
    return event.model_dump_json(by_alias=True)


def parse_event(line: str | bytes) -> Event:
    """The event in a line of JSON.

    Raises:
        pydantic.ValidationError: this version does not know it.
    """
    return _adapter().validate_json(line)


CommandName = Literal["pause", "resume", "stop", "cancel"]


class Command(BaseModel):
    """What is asked of the engine child: by its parent on standard input, by others in a file of the run's folder; one
    JSON document a line."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    command: CommandName
