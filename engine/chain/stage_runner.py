"""Computes one stage, or takes it from the store: trains or applies a step, converts, checks the promise."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.backbones.backbone import ARCHITECTURES, layer_graph
from engine.backbones.freezing import trainable_parameters, unfrozen_layers
from engine.backbones.input_scaling import input_scaling
from engine.chain.stage_tree import Stage, stopped_key
from engine.contract.backbone_settings import BackboneSettings
from engine.contract.errors import DataError
from engine.contract.events import (
    DeviceFound,
    EngineEvent,
    EpochFinished,
    EvidenceFound,
    Notice,
    StageFinished,
    StagePhase,
    StageStarted,
)
from engine.contract.evidence import Evidence, StageEvidence
from engine.contract.network_facts import NetworkFacts
from engine.contract.recipe import Recipe
from engine.contract.training_outcome import EpochRecord
from engine.feeding.pipeline import network_input_shape
from engine.feeding.study_images import StudyImages
from engine.graph.keras_objects import KerasModel
from engine.graph.layer_graph import LayerGraph
from engine.measurement.tflite_file import TfliteFile
from engine.store.stage_lock import computing_alone
from engine.store.stage_store import TFLITE_FILE, StageFacts, StageStore
from engine.training.checkpoint import is_damaged
from engine.training.control import Control
from engine.training.epoch_events import epoch_event, record_of
from engine.training.tensorflow_setup import set_up_tensorflow
from engine.weights.weights_file import load_weights
from engine.workbench.evidence_kinds import EVIDENCE_FILE, Found, evidence_text, stored_evidence
from engine.workbench.network import Network
from engine.workbench.network_file import load_facts, load_network, save_network
from engine.workbench.step import STEPS, Form
from engine.workbench.step_context import StepContext

UNKNOWN_SCALE = (
    "{name} does not start with a layer that scales the pixels, so its expected values are unknown; it is fed those of "
    'images.scale = "{scale}". If it was trained on pixels from 0 to 255, start it with Rescaling(1/255) and save it '
    "again."
)


@dataclass(frozen=True)
class FinishedStage:
    """A stage whose files lie in the store."""

    key: str
    """The key in the store; it differs from the planned key for a stage that was stopped early, or that follows one."""
    network_key: str
    """Of the last stage up to this one that left a Keras network; its facts hold for the file."""
    reused: bool
    stopped_early: bool
    seconds: float
    """That it took when it was computed."""
    records: tuple[EpochRecord, ...] = ()
    evidence: Found = ()
    """Of all stages from the baseline on, this one last; a step that starts with a new network starts a new list
    here."""


@dataclass
class StageRunner:
    """Runs the stages of one branch of a recipe on its images; keeps the networks that later stages begin from."""

    recipe: Recipe
    images: Mapping[str, StudyImages]
    """Fingerprint → the images of the stages that name it."""
    store: StageStore
    control: Control
    emit: Callable[[EngineEvent], None]
    _networks: dict[str, Network] = field(default_factory=dict)
    _tensorflow_ready: bool = False

    def run(
        self,
        stage: Stage,
        key: str,
        parent: FinishedStage | None,
        after_epoch: Callable[[EpochRecord], None] = lambda record: None,
    ) -> FinishedStage:
        """Finish `stage` under `key`, from what `parent` left.

        Args:
            after_epoch: told of each epoch, whoever computed it; what it raises leaves the stage unfinished.

        Raises:
            PromiseBroken, NutshellError, Cancelled: nothing of the stage is stored then but its last checkpoint.
        """
        with computing_alone(
            self.store.locations, key, lambda: self._say_another_computes(stage), self.control.progress()
        ):
            return self._run_alone(stage, key, parent, after_epoch)

    def _say_another_computes(self, stage: Stage) -> None:
        message = f"{stage.title}: another run is computing this stage; its result is used when it is finished."
        self.emit(Notice(message=message))
        self.emit(StageStarted(stage=stage.key))
        self.emit(StagePhase(stage=stage.key, phase="waiting for another run"))

    def _run_alone(
        self, stage: Stage, key: str, parent: FinishedStage | None, after_epoch: Callable[[EpochRecord], None]
    ) -> FinishedStage:
        if damaged := self.store.damage(key):
            aside = self.store.put_aside(key)
            message = f"{damaged} of an earlier run's stage is damaged, so the stage is computed again; see {aside}."
            self.emit(Notice(severity="warning", message=message))
        facts = self.store.facts(key)
        if facts is not None:
            return self._reuse(stage, key, parent, facts, after_epoch)
        for checkpoint in filter(is_damaged, self.store.checkpoints(key)):
            aside = self.store.put_checkpoint_aside(checkpoint)
            message = f"The checkpoint of an interrupted training is damaged, so it starts again; see {aside}."
            self.emit(Notice(severity="warning", message=message))
        checkpointed = self.store.checkpoint(key).is_file()
        self.emit(StageStarted(stage=stage.key, resumed_epoch=self._checkpointed_epochs(key) if checkpointed else 0))
        started = time.perf_counter()
        if not self._tensorflow_ready:
            self.emit(StagePhase(stage=stage.key, phase="starting TensorFlow"))
            self.emit(DeviceFound(device=set_up_tensorflow(self.recipe.seed)))
            self._tensorflow_ready = True
        recorder = _Recorder(self.emit)
        network = self._network(parent.key) if parent else self.untrained(stage)
        context = self._bench(stage, key, parent, recorder, after_epoch)
        self.control.raise_if_cancelled()
        if stage.parameters is None:
            unfrozen = unfrozen_layers(self.graph(stage), self.recipe)
            outcome = context.trainer.train(network.model, context.baseline_plan, unfrozen=unfrozen)
            made: Network | bytes = Network(network.model, network.facts.after_training(outcome))
        else:
            made = STEPS[stage.parameters.step]().apply(stage.parameters, network, context)
        stopped = isinstance(made, Network) and stage.epochs > 0 and made.facts.stopped_early
        final_key = stopped_key(key, made.facts.trained_epochs) if stopped and isinstance(made, Network) else key
        self._store(stage, final_key, made, network, context, recorder, started, stopped)
        if not stopped:
            self.store.drop_checkpoint(key)
        seconds = time.perf_counter() - started
        self.emit(StageFinished(stage=stage.key, seconds=seconds, stopped_early=stopped))
        return FinishedStage(
            final_key,
            _network_key(stage, final_key, parent),
            False,
            stopped,
            seconds,
            tuple(recorder.records),
            _evidence_before(stage, parent) + tuple(recorder.evidence.values()),
        )

    def tflite(self, key: str) -> Path:
        """The `.tflite` of a finished stage."""
        return self.store.folder(key) / TFLITE_FILE

    def evidence(self, key: str) -> Found:
        """What a finished stage itself has found."""
        return stored_evidence(self.store.folder(key))

    def network_facts(self, key: str) -> NetworkFacts:
        """Facts of the Keras network that a stage left."""
        return load_facts(self.store.folder(key))

    def forget(self, key: str) -> None:
        """Free a network's memory that no later stage begins from."""
        self._networks.pop(key, None)

    def _reuse(
        self,
        stage: Stage,
        key: str,
        parent: FinishedStage | None,
        facts: StageFacts,
        after_epoch: Callable[[EpochRecord], None],
    ) -> FinishedStage:
        self.emit(StageStarted(stage=stage.key, resumed_epoch=len(facts.records)))
        for record in facts.records:
            epochs = len(facts.records) if stage.open_ended else stage.epochs
            kept = facts.kept_epoch if record is facts.records[-1] else None
            self.emit(epoch_event(stage.key, record, epochs, kept))
            after_epoch(record)
        found = self.evidence(key)
        for evidence in found:
            self.emit(EvidenceFound(stage=stage.key, evidence=evidence))
        self.emit(StageFinished(stage=stage.key, seconds=facts.seconds, reused=True, stopped_early=facts.stopped_early))
        return FinishedStage(
            key,
            _network_key(stage, key, parent),
            True,
            facts.stopped_early,
            facts.seconds,
            facts.records,
            _evidence_before(stage, parent) + found,
        )

    def graph(self, baseline: Stage) -> LayerGraph:
        """The layers of the baseline's network."""
        images = self.images[baseline.images]
        shape = network_input_shape(images.pipeline.settings)
        return layer_graph(self.recipe.backbone, shape, len(images.dataset.classes))

    def untrained(self, baseline: Stage) -> Network:
        """The network that the baseline's training begins with; what was found in its weights file is told.

        Raises:
            DataError: the weights file cannot be used.
        """
        from engine.training.keras_network import build_keras_network

        settings = self.recipe.backbone
        graph = self.graph(baseline)
        model = build_keras_network(graph, self.recipe.seed, settings.freeze_base)
        if settings.weights:
            self._refuse_damaged_stage(Path(settings.weights).expanduser())
            match = load_weights(model, graph, Path(settings.weights).expanduser())
            if ARCHITECTURES[settings.kind].takes_all_weights and not match.is_whole:
                raise DataError(f"{settings.weights} is not the whole network: {match.sentence()} Save it again.")
            self._check_against_file(model, settings)
            severity: Literal["note", "warning"] = "warning" if match.is_partial else "note"
            self.emit(Notice(severity=severity, message=f"{settings.weights}: {match.sentence()}"))
        trainable = trainable_parameters(graph, self.recipe)
        return Network(model, NetworkFacts(parameters=graph.parameters, trainable_parameters=trainable))

    def _refuse_damaged_stage(self, weights: Path) -> None:
        """Raises: DataError: the weights file is of an earlier run's stage, and not as it was written."""
        stage = weights.resolve().parent
        if stage.parent == self.store.locations.stages.resolve() and (damaged := self.store.damage(stage.name)):
            raise DataError(
                f"{damaged} of the earlier run's stage that backbone.weights names ({weights}) is damaged; run that "
                f"recipe again, or choose another file."
                ""
            )

    def _check_against_file(self, model: KerasModel, settings: BackboneSettings) -> None:
        """Check that a network that was read from a saved model gives the same outputs, and report it.

        Raises:
            DataError: it does not.
        """
        path = ARCHITECTURES[settings.kind].reference(settings)
        if path is None:
            return
        from engine.training.keras_reference import check_against_keras

        scaling = input_scaling(path)
        difference = check_against_keras(model, path, scaling, self.recipe.seed)
        if not scaling.scale:
            message = UNKNOWN_SCALE.format(name=path.name, scale=self.recipe.images.first.scale)
            self.emit(Notice(severity="warning", message=message))
        message = f"{path.name} was read correctly: on random images its outputs are those of Keras ± {difference:.1g}."
        self.emit(Notice(severity="note", message=message))

    def _network(self, key: str) -> Network:
        if key not in self._networks:
            self._networks[key] = load_network(self.store.folder(key))
        return self._networks[key]

    def _bench(
        self,
        stage: Stage,
        key: str,
        parent: FinishedStage | None,
        recorder: _Recorder,
        after_epoch: Callable[[EpochRecord], None],
    ) -> StepContext:
        from engine.training.trainer import Trainer

        def parent_tflite(_: Network) -> bytes:
            assert parent is not None
            return self.tflite(parent.key).read_bytes()

        dataset, pipeline = self.images[stage.images].dataset, self.images[stage.images].pipeline
        trainer = Trainer(
            stage.key,
            dataset,
            pipeline,
            self.recipe.seed,
            self.control,
            recorder,
            self.store.checkpoint(key),
            stage.epochs,
            self.store.locations.image_cache,
            after_epoch,
        )

        progress = self.control.progress(lambda phase: self.emit(StagePhase(stage=stage.key, phase=phase)))

        def found(evidence: Evidence) -> None:
            recorder(EvidenceFound(stage=stage.key, evidence=StageEvidence.of(stage.title, evidence)))

        return StepContext(self.recipe, dataset, pipeline, trainer, progress, parent_tflite, found)

    def _store(
        self,
        stage: Stage,
        key: str,
        made: Network | bytes,
        parent: Network,
        context: StepContext,
        recorder: _Recorder,
        started: float,
        stopped: bool,
    ) -> None:
        content = made if isinstance(made, bytes) else self._convert(made, context)
        if stage.parameters is not None:
            context.progress.phase("verifying the result")
            promised = made if isinstance(made, Network) else parent
            STEPS[stage.parameters.step]().check_promise(stage.parameters, promised, TfliteFile.parse(content))
        with self.store.finishing(key) as folder:
            (folder / TFLITE_FILE).write_bytes(content)
            if recorder.evidence:
                text = evidence_text(tuple(recorder.evidence.values()))
                (folder / EVIDENCE_FILE).write_text(text, encoding="utf-8")
            if isinstance(made, Network):
                save_network(folder, made)
            seconds = time.perf_counter() - started
            self.store.finish(
                key,
                folder,
                StageFacts(
                    title=stage.title,
                    seconds=seconds,
                    records=tuple(recorder.records),
                    stopped_early=stopped,
                    kept_epoch=recorder.kept_epoch,
                ),
            )
        if isinstance(made, Network):
            self._networks[key] = made

    def _convert(self, network: Network, context: StepContext) -> bytes:
        from engine.export.tflite_conversion import converter_tflite, float32_tflite

        context.progress.phase("converting to .tflite")
        if network.facts.quantization_aware:
            return converter_tflite(network.model, "int8", calibration=None, float_io=True, float_fallback=False)
        return float32_tflite(network.model)

    def _checkpointed_epochs(self, key: str) -> int:
        from engine.training.checkpoint import load_checkpoint

        saved = load_checkpoint(self.store.checkpoint(key))
        return len(saved.records) if saved else 0


def _network_key(stage: Stage, key: str, parent: FinishedStage | None) -> str:
    return key if stage.gives is Form.KERAS or parent is None else parent.network_key


def _evidence_before(stage: Stage, parent: FinishedStage | None) -> Found:
    if parent is None or (stage.parameters is not None and STEPS[stage.parameters.step].begins_anew):
        return ()
    return parent.evidence


class _Recorder:
    """Passes events on, and keeps what is to be stored with the stage: its epochs, and what its step found."""

    def __init__(self, emit: Callable[[EngineEvent], None]) -> None:
        self._emit = emit
        self.records: list[EpochRecord] = []
        self.kept_epoch: int | None = None
        self.evidence: dict[str, StageEvidence] = {}
        """The last of each kind."""

    def __call__(self, event: EngineEvent) -> None:
        if (record := record_of(event)) is not None:
            self.records.append(record)
        if isinstance(event, EpochFinished):
            self.kept_epoch = event.kept_epoch
        if isinstance(event, EvidenceFound):
            self.evidence[event.evidence.kind] = event.evidence
        self._emit(event)
