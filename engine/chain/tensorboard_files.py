"""Writes a run's curves as TensorBoard event files while it computes: `tensorboard --logdir RUN` shows them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from engine.chain.tensorboard_names import stage_names
from engine.contract.events import (
    EngineEvent,
    EpochFinished,
    PlannedStage,
    RunStarted,
    StageFinished,
    StagesPlanned,
    VariantMeasured,
    parse_event,
)
from engine.contract.measurements import VariantMeasurement

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter
    from tensorboardX.proto.summary_pb2 import Summary

FOLDER = "tensorboard"
"""In the run's directory."""
WRITTEN = (b'"run_started"', b'"stages_planned"', b'"epoch_finished"', b'"stage_finished"', b'"variant_measured"')
"""In the lines of those events that are looked at."""


class TensorBoardFiles:
    """Takes all events of a run, and writes what there is to draw; a context manager.

    A folder per stage holds its epochs, one per variant its final figures, one the recipe. Each record goes to the disk
    when its event comes, so that a run that is killed leaves files that can be read. TensorFlow is not needed: a run
    that finds everything computed does not start it.
    """

    def __init__(self, directory: Path, earlier: Path | None = None) -> None:
        """
        Args:
            directory: the run's.
            earlier: the events of a run that continues: its curves are written again from them, so that no epoch is
                there twice and no torn record stays.

        Raises:
            OSError: the folder cannot be written.
        """
        self._folder = directory / FOLDER
        self._stages: dict[str, PlannedStage] = {}
        self._names: dict[str, str] = {}
        self._epochs: dict[str, dict[int, EpochFinished]] = {}
        """Stage → epoch → what was written of it."""
        self._writers: dict[str, EventsWriter] = {}
        """Stage → its open file."""
        self._recipe = ""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        for event in _events_in(earlier):
            self.take(event)

    def __enter__(self) -> TensorBoardFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def take(self, event: EngineEvent) -> None:
        """Write what an event tells.

        Raises:
            OSError: the disk is full.
        """
        match event:
            case RunStarted():
                self._stages = {stage.key: stage for stage in event.stages}
                self._names = stage_names(event.stages)
                self._write_recipe(event)
            case StagesPlanned():
                # Those of a trial; what has a name keeps it.
                self._stages |= {stage.key: stage for stage in event.stages if stage.key not in self._stages}
                self._names = stage_names(tuple(self._stages.values())) | self._names
            case EpochFinished():
                self._take_epoch(event)
            case StageFinished():
                self._close(event.stage)
            case VariantMeasured():
                self._write_variant(event.variant, event.time)

    def _take_epoch(self, event: EpochFinished) -> None:
        known = self._epochs.setdefault(event.stage, {})
        if (written := known.get(event.epoch)) is not None:
            if _scalars(written) == _scalars(event):
                return
            # It is trained again from here on, as where its checkpoint was lost.
            known = {epoch: one for epoch, one in known.items() if epoch < event.epoch}
            self._epochs[event.stage] = known
            self._close(event.stage)
            shutil.rmtree(self._stage_folder(event.stage), ignore_errors=True)
            for one in known.values():
                self._write_epoch(one)
        known[event.epoch] = event
        self._write_epoch(event)

    def _write_epoch(self, event: EpochFinished) -> None:
        writer = self._writers.get(event.stage)
        if writer is None:
            writer = self._writers[event.stage] = _writer(self._stage_folder(event.stage))
        for tag, value in _scalars(event).items():
            _write(writer, _scalar(tag, value), event.epoch, event.time)
        writer.flush()

    def _close(self, stage: str) -> None:
        if (writer := self._writers.pop(stage, None)) is not None:
            writer.close()

    def _stage_folder(self, stage: str) -> Path:
        return self._folder / "stages" / self._names.get(stage, stage[:12])

    def _write_recipe(self, event: RunStarted) -> None:
        if event.recipe == self._recipe:
            return
        from tensorboardX.summary import text

        self._recipe = event.recipe
        # Indented, as what is shown is Markdown.
        block = "".join(f"    {line}\n" for line in event.recipe.splitlines())
        writer = _writer(self._folder / "recipe")
        _write(writer, text("recipe", block), 0, event.time)
        writer.close()

    def _write_variant(self, variant: VariantMeasurement, time: float) -> None:
        """All anew: a variant is told again once it was timed in turn with the others."""
        folder = self._folder / "variants" / PurePosixPath(variant.file).stem
        shutil.rmtree(folder, ignore_errors=True)
        writer = _writer(folder)
        for tag, value in _final(variant).items():
            _write(writer, _scalar(tag, value), 0, time)
        writer.close()


def _scalars(event: EpochFinished) -> Mapping[str, float]:
    """Tag → value; TensorBoard draws tags with the same beginning side by side."""
    always = {
        "loss/training": event.loss,
        "loss/validation": event.validation_loss,
        "accuracy/training": event.accuracy,
        "accuracy/validation": event.validation_accuracy,
        "learning_rate": event.learning_rate,
    }
    sometimes = {"sparsity": event.sparsity_fraction, "accuracy/test": event.test_accuracy}
    return always | {tag: value for tag, value in sometimes.items() if value is not None}


def _final(variant: VariantMeasurement) -> Mapping[str, float]:
    return {
        "variant/accuracy": variant.accuracy,
        "variant/model_bytes": variant.model_bytes,
        "variant/zip_bytes": variant.zip_bytes,
        "variant/latency_p50_ms": variant.latency_p50_ms,
    }


def _events_in(file: Path | None) -> Iterable[EngineEvent]:
    if file is None or not file.is_file():
        return
    with file.open("rb") as lines:
        for line in lines:
            if any(name in line for name in WRITTEN):
                try:
                    yield parse_event(line)
                except ValidationError:
                    continue  # Of another version, or half a line.


def _writer(folder: Path) -> EventsWriter:
    # Its SummaryWriter writes in a thread of its own, which hangs where the disk is full.
    from tensorboardX.event_file_writer import EventsWriter

    folder.mkdir(parents=True, exist_ok=True)
    return EventsWriter(str(folder / "events"))


def _scalar(tag: str, value: float) -> Summary:
    from tensorboardX.summary import scalar

    return scalar(tag, value)


def _write(writer: EventsWriter, summary: Summary, step: int, time: float) -> None:
    from tensorboardX.proto.event_pb2 import Event

    writer.write_event(Event(wall_time=time, step=step, summary=summary))
