"""Turns finished epochs into events and back. No TensorFlow."""

from __future__ import annotations

from engine.contract.events import EngineEvent, EpochFinished
from engine.contract.training_outcome import EpochRecord

_SHARED = tuple(EpochRecord.__dataclass_fields__)


def epoch_event(stage: str, record: EpochRecord, epochs: int, kept_epoch: int | None = None) -> EpochFinished:
    """The event that tells of a finished epoch, of `epochs`."""
    shared = {name: getattr(record, name) for name in _SHARED}
    return EpochFinished(stage=stage, epochs=epochs, kept_epoch=kept_epoch, **shared)


def record_of(event: EngineEvent) -> EpochRecord | None:
    """The epoch that an event tells of, or None."""
    if not isinstance(event, EpochFinished):
        return None
    return EpochRecord(**{name: getattr(event, name) for name in _SHARED})
