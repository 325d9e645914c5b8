"""Channel pruning in rounds: channels go, the accuracy is told, the smaller network is fine-tuned, and so on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.contract.events import Notice
from engine.contract.evidence import Evidence
from engine.contract.training_outcome import EpochRecord, TrainingOutcome
from engine.graph.keras_objects import KerasModel
from engine.steps.channel_pruning.channel_costs import Measure
from engine.steps.channel_pruning.evidence import ChannelRound, LayerChannels, RemovedChannels
from engine.steps.channel_pruning.pruner import NetworkCost, Pruner
from engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from engine.training.epoch_events import epoch_event
from engine.training.objective import Objective
from engine.training.own_layers import OWN_LAYERS
from engine.training.plan import TrainingPlan
from engine.training.projection import Projection
from engine.training.trainer import Trainer

CHANNELS_SUFFIX = ".channels"
"""Of the file beside a stage's checkpoint that keeps the network as the last pruning or fine-tuning left it."""


@dataclass(frozen=True)
class ChannelTraining:
    """How a network is trained between two prunings."""

    plan: TrainingPlan
    objective: Callable[[KerasModel], Objective | None]
    """Of a network; None: the cross-entropy."""


@dataclass
class ChannelRounds:
    """Prunes and fine-tunes one network. Called again after it was killed, it continues in the same round and epoch.

    When the user stops it, all channels that were to go go at once.
    """

    trainer: Trainer
    pruner: Pruner
    shares: Sequence[float]
    """Of the whole cost: what remains after each round."""
    before: ChannelTraining | None
    """The training with group sparsity."""
    between: ChannelTraining
    projections: Callable[[KerasModel], Sequence[Projection]]
    """What holds while a network trains."""
    found: Callable[[Evidence], None]
    _records: tuple[EpochRecord, ...] = ()
    _best_epoch: int = 0
    _rounds: list[ChannelRound] = field(default_factory=list)
    _sparse_done: bool = False
    _pruned_accuracy: float | None = None
    """Of a round whose channels have gone and whose fine-tuning is not finished."""

    def run(self, model: KerasModel) -> tuple[KerasModel, TrainingOutcome]:
        """The smaller network, and the epochs of all trainings; `model` stays as it is where no training precedes."""
        self._file = self.trainer.checkpoint.with_name(self.trainer.checkpoint.name + CHANNELS_SUFFIX)
        self._whole = self.pruner.cost(model)
        _, self._accuracy_before = self.trainer.validate(model)
        model, stopped = self._continued(model), False
        if self.before and not self._sparse_done:
            stopped = self._train(model, self.before)
            self._sparse_done = True
            if not stopped:
                self._save(model)
        while len(self._rounds) < len(self.shares) and not stopped:
            if self._pruned_accuracy is None:
                number = len(self._rounds)
                model = self.pruner.prune(model, self.shares[number], self._whole.costs, number)
                _, self._pruned_accuracy = self.trainer.validate(model)
                self._save(model)
            stopped = self._fine_tune(model, self._pruned_accuracy)
            if not stopped:
                self._save(model)
        if len(self._rounds) < len(self.shares):
            model = self._at_once(model)
        return model, TrainingOutcome(self._records, self._best_epoch, stopped)

    def _train(self, model: KerasModel, training: ChannelTraining) -> bool:
        """Returns whether the user stopped it."""
        outcome = self.trainer.train(
            model, training.plan, self.projections(model), training.objective(model), earlier=self._records
        )
        self._records, self._best_epoch = outcome.records, outcome.best_epoch
        return outcome.stopped_early

    def _fine_tune(self, model: KerasModel, pruned: float) -> bool:
        earlier = len(self._records)
        stopped = self._train(model, self.between) if self.between.plan.epochs else False
        epochs = self._records[earlier:]
        tuned = next((one.validation_accuracy for one in epochs if one.epoch == self._best_epoch), pruned)
        self._add(model, len(epochs), pruned, tuned)
        return stopped

    def _at_once(self, model: KerasModel) -> KerasModel:
        self.trainer.emit(Notice(message="The remaining channels are removed at once, without fine-tuning."))
        number = len(self._rounds)
        model = self.pruner.prune(model, self.shares[-1], self._whole.costs, number)
        _, pruned = self.trainer.validate(model)
        self._add(model, 0, pruned, pruned)
        return model

    def _add(self, model: KerasModel, epochs: int, pruned: float, tuned: float) -> None:
        cost = self.pruner.cost(model)
        self._rounds.append(
            ChannelRound(
                macs=cost.costs["macs"],
                parameters=cost.costs["parameters"],
                groups=cost.groups,
                epochs=epochs,
                validation_accuracy_after_pruning=pruned,
                validation_accuracy_after_fine_tuning=tuned,
            )
        )
        self._pruned_accuracy = None
        self._tell(cost.channels)

    def _tell(self, channels: Mapping[str, int]) -> None:
        whole: NetworkCost = self._whole
        costs: Mapping[Measure, int] = whole.costs
        self.found(
            RemovedChannels(
                criterion=self.pruner.criterion.key,
                planned=len(self.shares),
                macs_before=costs["macs"],
                parameters_before=costs["parameters"],
                groups_before=whole.groups,
                validation_accuracy_before=self._accuracy_before,
                rounds=tuple(self._rounds),
                layers=tuple(
                    LayerChannels(layer=name, before=before, after=channels[name])
                    for name, before in whole.channels.items()
                ),
                kept_whole=whole.unknown,
            )
        )

    def _save(self, model: KerasModel) -> None:
        """The architecture with the weights: another process has only the network from before all rounds."""
        state = {name: np.asarray([getattr(one, name) for one in self._rounds]) for name in ChannelRound.model_fields}
        pruned = np.nan if self._pruned_accuracy is None else self._pruned_accuracy
        text = model.to_json().encode()  # type: ignore[attr-defined]
        states = [state, {"pruned_accuracy": np.asarray(pruned), "architecture": np.frombuffer(text, dtype=np.uint8)}]
        save_checkpoint(self._file, Checkpoint(self._records, self._best_epoch, model.get_weights(), None, [], states))

    def _continued(self, model: KerasModel) -> KerasModel:
        """The network where an earlier process left it."""
        import tf_keras

        saved = load_checkpoint(self._file)
        if saved is None:
            return model
        rounds, progress = saved.projections
        text = progress["architecture"].tobytes().decode()
        model = tf_keras.models.model_from_json(text, custom_objects=dict(OWN_LAYERS))
        model.set_weights(saved.weights)
        self._sparse_done = True
        self._records, self._best_epoch = saved.records, saved.best_epoch
        pruned = float(progress["pruned_accuracy"])
        self._pruned_accuracy = None if np.isnan(pruned) else pruned
        columns = [values.tolist() for values in rounds.values()]
        for row in zip(*columns, strict=True):
            self._rounds.append(ChannelRound(**dict(zip(rounds, row, strict=True))))
        for record in self._records:
            self.trainer.emit(epoch_event(self.trainer.stage, record, self.trainer.stage_epochs))
        if self._rounds and self._pruned_accuracy is None:
            self._tell(self.pruner.cost(model).channels)
        return model
