"""One training: epochs with progress, pause, stop and cancel, checkpoints, and the best epoch kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from engine.contract.errors import NutshellError
from engine.contract.events import BatchProgress, Notice
from engine.contract.training_outcome import EpochRecord, TrainingOutcome
from engine.datasets.source import Split
from engine.graph.keras_objects import KerasModel, NetworkPart
from engine.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from engine.training.course import Course, course
from engine.training.epoch_events import epoch_event
from engine.training.evaluation import classified, evaluation_step
from engine.training.feature_feed import FeatureFeed
from engine.training.feed import Feed
from engine.training.finite_weights import layer_not_finite
from engine.training.frozen_features import training_on_features
from engine.training.graph_building import StepFunction
from engine.training.objective import Objective
from engine.training.plan import TrainingPlan
from engine.training.precision import LossScale
from engine.training.projection import Projection
from engine.training.update import Optimizers, training_step

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

PROGRESS_INTERVAL_S = 0.1
LOWER_RATE = 5
"""By what a rate is divided that is proposed after a training diverged."""


class TrainingLoop:
    """One call of `Trainer.train`: the state that changes from batch to batch."""

    def __init__(
        self,
        trainer: Trainer,
        model: KerasModel,
        plan: TrainingPlan,
        projections: tuple[Projection, ...],
        objective: Objective,
        earlier: tuple[EpochRecord, ...],
        unfrozen: tuple[str, ...],
        loss_scale: LossScale | None,
        by_labels: Callable[[NetworkPart], Objective] | None = None,
    ) -> None:
        """
        Args:
            by_labels: the objective of a part of the network, where that is the cross-entropy.
        """
        self._trainer = trainer
        self._model = model
        self._plan = plan
        self._projections = projections
        self._unfrozen = unfrozen
        self._loss_scale = loss_scale
        self._by_labels = by_labels
        self._images = Feed(trainer.dataset, trainer.pipeline, trainer.seed, plan.batch_size, plan.augment)
        self._feed: Feed | FeatureFeed = self._images
        self._objective = objective
        self._optimizers = Optimizers(model, plan, loss_scale)
        self._records: list[EpochRecord] = list(earlier)
        self._before = len(earlier)
        self._course = self._course_so_far()
        self._best_epoch = 0
        self._best_weights: list[np.ndarray] | None = None
        self._epoch_wall_s: list[float] = []
        self._whole_since = 0.0
        """When the epoch before was trained and validated, less all pauses since."""
        self._last_progress_s = 0.0

    @property
    def _last_epoch(self) -> int:
        return self._before + self._course.epochs

    @property
    def _stage_epochs(self) -> int:
        """Of all trainings of the stage together."""
        return self._last_epoch if self._plan.open_end else max(self._trainer.stage_epochs, self._last_epoch)

    def _course_so_far(self) -> Course:
        return course(self._plan, self._records[self._before :], self._feed.batches)

    def run(self) -> TrainingOutcome:
        self._continue_from_checkpoint()
        if len(self._records) < self._last_epoch:
            self._compile()
        self._whole_since = time.perf_counter()
        stopped = False
        while len(self._records) < self._last_epoch and not stopped and not self._out_of_patience():
            started = time.perf_counter()
            epoch = len(self._records) + 1
            if epoch - self._before == self._plan.unfreeze_epoch:
                self._unfreeze()
                self._compile()
            stopped = self._epoch(epoch)
            self._epoch_wall_s.append(time.perf_counter() - started)
        if self._best_weights is not None:
            self._model.set_weights(self._best_weights)
        return TrainingOutcome(tuple(self._records), self._best_epoch, stopped)

    def _continue_from_checkpoint(self) -> None:
        saved = load_checkpoint(self._trainer.checkpoint)
        # A checkpoint of the stage's training before this one has no epoch of this one.
        if saved is None or not self._before < len(saved.records) <= self._before + self._plan.epochs:
            return
        if 0 < self._plan.unfreeze_epoch <= len(saved.records) - self._before:
            self._unfreeze()
        saved.put_back(self._model, self._optimizers.variables, self._projections)
        self._records = list(saved.records)
        self._course = self._course_so_far()
        self._best_epoch = saved.best_epoch
        self._best_weights = saved.best_weights
        for record in self._records[self._before :]:
            self._tell_epoch(record)
            self._trainer.after_epoch(record)

    def _compile(self) -> None:
        """Make the step and the evaluation: of what follows a frozen base where its features can be kept, else of the
        whole network.
        """
        part: NetworkPart = self._model
        objective, self._feed = self._objective, self._images
        unfrozen = 0 < self._plan.unfreeze_epoch <= len(self._records) + 1 - self._before
        if self._by_labels is not None and not self._projections and not unfrozen:
            kept = training_on_features(self._trainer, self._model, self._plan, self._images)
            if kept is not None:
                part, self._feed, objective = kept.part, kept.feed, self._by_labels(kept.part)
        self._step: StepFunction = training_step(
            part, self._optimizers, self._projections, objective, self._images.mixes
        )
        self._evaluate: StepFunction = evaluation_step(part, objective)

    def _unfreeze(self) -> None:
        for name in self._unfrozen:
            self._model.get_layer(name).trainable = True
        self._optimizers = Optimizers(self._model, self._plan, self._loss_scale)

    def _out_of_patience(self) -> bool:
        """Whether the best epoch, if any, is so long ago that the plan's patience is over."""
        waited = len(self._records) - self._best_epoch
        patient = not self._plan.early_stopping or not self._best_epoch or waited < self._plan.early_stopping
        if not patient and len(self._records) < self._last_epoch:
            message = f"Training ends after epoch {len(self._records)}: none was better than epoch {self._best_epoch}."
            self._trainer.emit(Notice(message=message))
        return not patient

    def _epoch(self, epoch: int) -> bool:
        """Train one epoch; returns whether the stage was stopped in it."""
        batches = self._feed.batches
        loss_sum, right, seen, stopped = 0.0, 0, 0, False
        started = time.perf_counter()
        paused_s = 0.0
        rate = 0.0
        for batch, (images, labels) in enumerate(self._feed.training_epoch(epoch)):
            before = time.perf_counter()
            self._trainer.control.hold_if_paused()
            held_s = time.perf_counter() - before
            paused_s += held_s
            self._whole_since += held_s
            step = (epoch - self._before - 1) * batches + batch
            rate = self._optimizers.set_rate_factor(self._course.rate_factor(step))
            for projection in self._projections:
                projection.before_batch(step, self._plan.epochs * batches)
            loss, correct = self._step(images, labels)
            loss_sum, right, seen = loss_sum + float(loss), right + int(correct), seen + len(images)
            if not math.isfinite(loss_sum):
                self._end_diverged(f"epoch {epoch}, batch {batch + 1}", "the loss")
                return True
            self._tell_batch(epoch, batch + 1, loss_sum / seen, right / seen, started + paused_s)
            if self._trainer.control.take_stop():
                stopped = True
                break
        seconds = time.perf_counter() - started - paused_s
        if stopped:
            self._stop_in(epoch, loss_sum / seen, right / seen, rate, seconds)
        else:
            stopped = not self._close_epoch(epoch, loss_sum / seen, right / seen, rate, seconds)
        return stopped

    def _end_diverged(self, place: str, what: str) -> None:
        """Report that the training has diverged; it ends with its best epoch.

        Raises:
            NutshellError: no epoch is kept.
        """
        said = f"Training diverged in {place}: {what} is not a finite number"
        rate = self._plan.learning_rate
        remedy = f"give a lower learning rate than {rate:g}, such as {rate / LOWER_RATE:.2g}"
        if self._best_weights is None:
            raise NutshellError(f"{said}; {remedy}, and run again.")
        kept = f"the weights of epoch {self._best_epoch} are kept"
        self._trainer.emit(Notice(message=f"{said}; {kept}. To train to the end, {remedy}."))

    def _stop_in(self, epoch: int, loss: float, accuracy: float, rate: float, seconds: float) -> None:
        """End now: with the best epoch so far, or with these weights where none is kept."""
        kept = "the weights as they are" if self._best_weights is None else f"the weights of epoch {self._best_epoch}"
        self._trainer.emit(Notice(message=f"Stopped in epoch {epoch}; {kept} are kept."))
        if self._best_weights is None:
            for projection in self._projections:
                projection.finish()
            record = self._record(epoch, loss, accuracy, rate, seconds)
            self._records.append(record)
            self._tell_epoch(record)
            self._keep_if_best(record)

    def _close_epoch(self, epoch: int, loss: float, accuracy: float, rate: float, seconds: float) -> bool:
        """Validate, store and report the epoch; False if it has diverged, which ends the training before it."""
        record = self._record(epoch, loss, accuracy, rate, seconds)
        layer = layer_not_finite(self._model)
        if layer is not None or not math.isfinite(record.validation_loss):
            self._end_diverged(f"epoch {epoch}", f'a weight of "{layer}"' if layer else "the validation loss")
            return False
        self._records.append(record)
        self._keep_if_best(record)
        self._follow_course()
        save_checkpoint(
            self._trainer.checkpoint,
            Checkpoint(
                tuple(self._records),
                self._best_epoch,
                self._model.get_weights(),
                self._best_weights,
                [variable.numpy() for variable in self._optimizers.variables],
                [projection.state() for projection in self._projections],
            ),
        )
        self._tell_epoch(record)
        self._trainer.after_epoch(record)
        return True

    def _follow_course(self) -> None:
        """Look whether the end is known now, and say why."""
        known, self._course = self._course.is_fixed, self._course_so_far()
        if known or not self._course.is_fixed:
            return
        reasons = {
            "no gain": f"nothing more was gained since epoch {self._course.gained_in}",
            "budget": "the time budget is nearly used",
            "longest": "this is the longest that an automatic training lasts",
        }
        what = "The learning rate falls until" if self._plan.falls else "The training ends after"
        self._trainer.emit(Notice(message=f"{what} epoch {self._last_epoch}: {reasons[self._course.reason]}."))
        if missed := [str(epoch) for epoch in self._plan.test_epochs if epoch > self._course.epochs]:
            message = f"training.test_epochs names epochs that this training does not reach: {', '.join(missed)}."
            self._trainer.emit(Notice(message=message, severity="warning"))

    def _record(self, epoch: int, loss: float, accuracy: float, rate: float, seconds: float) -> EpochRecord:
        validation_loss, validation_accuracy = self._classified(Split.VALIDATION)
        test_accuracy = self._classified(Split.TEST)[1] if epoch - self._before in self._plan.test_epochs else None
        sparsities = [p.sparsity_fraction for p in self._projections if p.sparsity_fraction is not None]
        whole_s, self._whole_since = time.perf_counter() - self._whole_since, time.perf_counter()
        return EpochRecord(
            epoch,
            loss,
            accuracy,
            validation_loss,
            validation_accuracy,
            rate,
            seconds,
            sparsities[0] if sparsities else None,
            whole_s,
            test_accuracy,
        )

    def _classified(self, split: Split) -> tuple[float, float]:
        return classified(self._feed, split, self._evaluate, self._trainer.control)

    def _keep_if_best(self, record: EpochRecord) -> None:
        if not all(projection.complete for projection in self._projections):
            return
        best = next((r for r in self._records if r.epoch == self._best_epoch), None)
        if best is None or _quality(record) > _quality(best):
            self._best_epoch = record.epoch
            if self._plan.restore_best:
                self._best_weights = self._model.get_weights()

    def _tell_batch(self, epoch: int, batch: int, loss: float, accuracy: float, started: float) -> None:
        now = time.perf_counter()
        if now - self._last_progress_s < PROGRESS_INTERVAL_S:
            return
        self._last_progress_s = now
        batches = self._feed.batches
        epoch_s = np.median(self._epoch_wall_s) if self._epoch_wall_s else (now - started) / batch * batches
        left = (self._stage_epochs - epoch) * epoch_s + (batches - batch) / batches * epoch_s
        self._trainer.emit(
            BatchProgress(
                stage=self._trainer.stage,
                epoch=epoch,
                epochs=self._stage_epochs,
                batch=batch,
                batches=batches,
                loss=loss,
                accuracy=accuracy,
                seconds_left=float(left),
            )
        )

    def _tell_epoch(self, record: EpochRecord) -> None:
        kept = self._best_epoch if self._plan.restore_best and self._best_epoch else record.epoch
        self._trainer.emit(epoch_event(self._trainer.stage, record, self._stage_epochs, kept))


def _quality(record: EpochRecord) -> tuple[float, float]:
    return record.validation_accuracy, -record.validation_loss
