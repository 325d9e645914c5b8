"""Trains and validates the networks of a stage on its images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.contract.events import EngineEvent
from engine.contract.training_outcome import EpochRecord, TrainingOutcome
from engine.datasets.cache.prepared import PreparedDataset
from engine.datasets.source import Split
from engine.feeding.pipeline import ImagePipeline
from engine.graph.keras_objects import KerasModel, NetworkPart
from engine.training.balance import balanced_weights
from engine.training.control import Control
from engine.training.evaluation import classified, evaluate_batch
from engine.training.feed import Feed
from engine.training.objective import CrossEntropy, Objective
from engine.training.plan import TrainingPlan
from engine.training.precision import computing_in
from engine.training.projection import Projection
from engine.training.training_loop import TrainingLoop


@dataclass(frozen=True)
class Trainer:
    """Trains any Keras classifier of one stage. The same seed, data and plan end in the same weights, bit for bit."""

    stage: str
    dataset: PreparedDataset
    pipeline: ImagePipeline
    seed: int
    control: Control
    emit: Callable[[EngineEvent], None]
    checkpoint: Path
    """Where the training is saved after each epoch; one that is found there is continued."""
    stage_epochs: int = 0
    """Of all trainings of the stage together; 0: of the one training."""
    features: Path | None = None
    """The folder for the features of frozen bases; None: they are computed anew in each epoch."""
    after_epoch: Callable[[EpochRecord], None] = lambda record: None
    """Called once an epoch is saved and told, also for those of the checkpoint; what it raises ends the training."""

    def train(
        self,
        model: KerasModel,
        plan: TrainingPlan,
        projections: Sequence[Projection] = (),
        objective: Objective | None = None,
        earlier: Sequence[EpochRecord] = (),
        unfrozen: Sequence[str] = (),
    ) -> TrainingOutcome:
        """Train `model` in place and leave it with the weights of its best epoch, or of the last (`restore_best`).

        The best epoch is the one of highest validation accuracy (then lowest loss) among those in which every
        projection had its final form.

        Args:
            objective: what is lowered; the cross-entropy of `model`, as the plan shapes it, where none is given.
            earlier: epochs of the stage's trainings before this one; epochs are counted on from them.
            unfrozen: names of the frozen layers that train too from `plan.unfreeze_epoch` on; the optimizer starts
            again there.

        Raises:
            Cancelled: the user cancelled; the last checkpoint stays.
            TrainingStopped: out of `after_epoch`; likewise.
            NutshellError: the loss is no longer a number.
        """
        goal = objective or self.cross_entropy(model, plan)
        by_labels = partial(self.cross_entropy, plan=plan) if objective is None else None
        with computing_in(plan.precision) as scale:
            loop = TrainingLoop(
                self, model, plan, tuple(projections), goal, tuple(earlier), tuple(unfrozen), scale, by_labels
            )
            return loop.run()

    def cross_entropy(self, model: NetworkPart, plan: TrainingPlan) -> CrossEntropy:
        """The loss of a plan by the labels alone."""
        return CrossEntropy(model, plan.label_smoothing, self._class_weights(plan))

    def validate(self, model: KerasModel) -> tuple[float, float]:
        """Mean loss (nats) and accuracy (fraction) of `model` as it is, on the validation images."""
        feed = Feed(self.dataset, self.pipeline, self.seed, batch_size=1)
        # As it is, not compiled: for one pass that is quicker.
        return classified(feed, Split.VALIDATION, partial(evaluate_batch, CrossEntropy(model)), self.control)

    def _class_weights(self, plan: TrainingPlan) -> np.ndarray | None:
        if plan.class_weights == "none":
            return None
        labels = self.dataset.labels[self.dataset.splits[Split.TRAIN]]
        return balanced_weights(labels, len(self.dataset.classes))
