"""Pruning in rounds: prune, report the accuracy, fine-tune, prune again (Kharitonov 2024)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.contract.events import Notice
from engine.contract.evidence import Evidence
from engine.contract.training_outcome import EpochRecord, TrainingOutcome
from engine.graph.keras_objects import KerasModel
from engine.steps.magnitude_pruning.evidence import PruningRound, PruningRounds
from engine.steps.magnitude_pruning.mask_projection import MaskProjection
from engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from engine.training.epoch_events import epoch_event
from engine.training.plan import TrainingPlan
from engine.training.projection import Projection
from engine.training.trainer import Trainer

ROUNDS_SUFFIX = ".rounds"
"""Of the file beside a stage's checkpoint that keeps the network as the last finished round left it."""


@dataclass(frozen=True)
class RoundPlan:
    """What one round removes, and how it is fine-tuned."""

    sparsity: float
    training: TrainingPlan


def prune_in_rounds(
    trainer: Trainer,
    model: KerasModel,
    plans: Sequence[RoundPlan],
    masks_at: Callable[[float], MaskProjection],
    others: Sequence[Projection],
    found: Callable[[Evidence], None],
) -> TrainingOutcome:
    """Prune and fine-tune `model` in place, each round from the best epoch of the one before.

    Called again after it was killed, it continues in the same round and epoch. When the user stops it,
    it prunes to the last round's sparsity at once.

    Args:
        masks_at: makes the projection that holds a share of zeros, chosen from the model as it then is.
        others: what else holds while the network trains.
        found: called with the rounds after each of them.
    """
    return _Rounds(trainer, model, tuple(plans), masks_at, tuple(others), found).run()


class _Rounds:
    def __init__(
        self,
        trainer: Trainer,
        model: KerasModel,
        plans: tuple[RoundPlan, ...],
        masks_at: Callable[[float], MaskProjection],
        others: tuple[Projection, ...],
        found: Callable[[Evidence], None],
    ) -> None:
        self._trainer = trainer
        self._model = model
        self._plans = plans
        self._masks_at = masks_at
        self._others = others
        self._found = found
        self._file = trainer.checkpoint.with_name(trainer.checkpoint.name + ROUNDS_SUFFIX)
        self._records: tuple[EpochRecord, ...] = ()
        self._rounds: list[PruningRound] = []
        self._best_epoch = 0

    def run(self) -> TrainingOutcome:
        self._continue()
        stopped = False
        while len(self._rounds) < len(self._plans) and not stopped:
            stopped = self._round(self._plans[len(self._rounds)])
            if not stopped:
                self._save()
        if len(self._rounds) < len(self._plans):
            self._go_to_the_end()
        return TrainingOutcome(self._records, self._best_epoch, stopped)

    def _round(self, plan: RoundPlan) -> bool:
        """Prune and fine-tune once; returns whether the user stopped it."""
        masks = self._masks_at(plan.sparsity)
        masks.finish()
        _, pruned = self._trainer.validate(self._model)
        outcome = self._trainer.train(self._model, plan.training, [masks, *self._others], earlier=self._records)
        before, self._records, self._best_epoch = len(self._records), outcome.records, outcome.best_epoch
        tuned = next((r.validation_accuracy for r in outcome.records if r.epoch == outcome.best_epoch), pruned)
        self._add(masks, len(outcome.records) - before, pruned, tuned)
        return outcome.stopped_early

    def _go_to_the_end(self) -> None:
        self._trainer.emit(Notice(message="The remaining rounds are pruned at once, without fine-tuning."))
        masks = self._masks_at(self._plans[-1].sparsity)
        masks.finish()
        _, pruned = self._trainer.validate(self._model)
        self._add(masks, 0, pruned, pruned)

    def _add(self, masks: MaskProjection, epochs: int, pruned: float, tuned: float) -> None:
        self._rounds.append(
            PruningRound(
                sparsity_fraction=masks.sparsity_fraction,
                epochs=epochs,
                validation_accuracy_after_pruning=pruned,
                validation_accuracy_after_fine_tuning=tuned,
            )
        )
        self._tell()

    def _tell(self) -> None:
        self._found(PruningRounds(planned=len(self._plans), rounds=tuple(self._rounds)))

    def _save(self) -> None:
        state = {name: np.asarray([getattr(one, name) for one in self._rounds]) for name in PruningRound.model_fields}
        weights = self._model.get_weights()
        save_checkpoint(self._file, Checkpoint(self._records, self._best_epoch, weights, None, [], [state]))

    def _continue(self) -> None:
        saved = load_checkpoint(self._file)
        if saved is None:
            return
        self._model.set_weights(saved.weights)
        self._records, self._best_epoch = saved.records, saved.best_epoch
        columns = [values.tolist() for values in saved.projections[0].values()]
        for row in zip(*columns, strict=True):
            self._rounds.append(PruningRound(**dict(zip(saved.projections[0], row, strict=True))))
        for record in self._records:
            self._trainer.emit(epoch_event(self._trainer.stage, record, self._trainer.stage_epochs))
        self._tell()
