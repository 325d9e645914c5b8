"""Computes the features of a frozen base once, and trains what comes after them from the stored ones.

Without augmentation the base gives the same for an image in each epoch, so computing it again changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from engine.contract.events import FeatureProgress, Notice, StagePhase
from engine.datasets.source import Split
from engine.graph.keras_objects import KerasModel
from engine.launch.garbage_collector import collector_at_rest
from engine.training.feature_feed import FeatureFeed
from engine.training.feature_store import FeatureStore, features_key
from engine.training.feed import Feed
from engine.training.frozen_base import FrozenBase, TrainedPart, split_behind_frozen_base
from engine.training.plan import TrainingPlan

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

FORMAT = 1
PHASE = "computing the features of the frozen base"
PROGRESS_INTERVAL_S = 0.1
GIB = 2**30


@dataclass(frozen=True)
class FeatureTraining:
    """What trains instead of the whole network while its base is frozen."""

    part: TrainedPart
    feed: FeatureFeed


def training_on_features(trainer: Trainer, model: KerasModel, plan: TrainingPlan, feed: Feed) -> FeatureTraining | None:
    """The part of `model` behind its frozen base, and the features to train it on; computed unless they are stored.

    It depends on the plan and not on the epochs that are left, so that a training that was cut off continues as it
    began.

    Returns:
        None where nothing is gained (images are augmented, one epoch only, no frozen base), there is no room for the
        features, or the user stops the stage meanwhile.

    Raises:
        Cancelled: the user cancelled.
    """
    if trainer.features is None or plan.augment or plan.frozen_epochs < 2:
        return None
    split = split_behind_frozen_base(model)
    if split is None:
        return None
    splits = [Split.TRAIN, Split.VALIDATION, *([Split.TEST] if plan.test_epochs else [])]
    rows = np.concatenate([trainer.dataset.splits[one] for one in splits])
    key = features_key(
        FORMAT,
        trainer.dataset.fingerprint,
        str(feed.pipeline),
        plan.precision,
        tf.__version__,
        *_base_facts(split.base),
        rows,
    )
    store = FeatureStore(trainer.features / f"features-{key}", (len(rows), *split.rest.shape))
    features = store.opened() if store.folder.exists() else None
    if features is None:
        features = _computed(trainer, split, store, feed, splits)
    if features is None:
        return None
    return FeatureTraining(split.rest, FeatureFeed(feed, features, {int(row): place for place, row in enumerate(rows)}))


def _base_facts(base: KerasModel) -> Iterator[object]:
    for layer in base.layers:
        yield type(layer).__name__
        yield layer.get_config()
        yield from layer.get_weights()


def _computed(
    trainer: Trainer, split: FrozenBase, store: FeatureStore, feed: Feed, splits: list[Split]
) -> np.ndarray | None:
    if aside := store.put_damaged_aside():
        message = f"Stored features of the frozen base are damaged, so they are computed again; see {aside}."
        trainer.emit(Notice(severity="warning", message=message))
    if not store.has_room:
        message = (
            f"The features of the frozen base take {store.bytes / GIB:,.1f} GiB, too much for the "
            f"{store.free_bytes / GIB:,.1f} GiB that are free, so each epoch computes the whole network."
        )
        trainer.emit(Notice(message=message))
        return None
    trainer.emit(StagePhase(stage=trainer.stage, phase=PHASE))
    try:
        store.write(_batches(trainer, split.base, feed, splits, store.shape[0]))
    except _Stopped:
        return None
    except OSError as error:
        message = (
            f"The features of the frozen base could not be stored ({error.strerror or error}), so each epoch computes "
            "the whole network."
        )
        trainer.emit(Notice(severity="warning", message=message))
        return None
    return store.opened()


class _Stopped(Exception):
    """The user stops the stage; the training takes the stop at its first batch."""


def _batches(trainer: Trainer, base: KerasModel, feed: Feed, splits: list[Split], total: int) -> Iterator[np.ndarray]:
    """The features of all images of the splits in order, a batch at a time."""
    compute = tf.function(
        lambda images: base(images, training=False),
        input_signature=[tf.TensorSpec(base.input_shape, tf.float32)],
        autograph=False,
    )
    with collector_at_rest():
        compute.get_concrete_function()
    done, computing_s, told_s = 0, 0.0, 0.0
    for split in splits:
        for images, _ in feed.in_order(split):
            trainer.control.hold_if_paused()
            if trainer.control.stop_is_asked:
                raise _Stopped
            started = time.perf_counter()
            yield compute(images).numpy()
            now = time.perf_counter()
            done, computing_s = done + len(images), computing_s + now - started
            if now - told_s >= PROGRESS_INTERVAL_S or done == total:
                told_s = now
                left = computing_s / done * (total - done)
                trainer.emit(FeatureProgress(stage=trainer.stage, done=done, total=total, seconds_left=left))
