"""Finishes the stages of one branch, one after the other, and puts each chain's file into the run."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.chain.baseline_watch import BaselineWatch
from engine.chain.branches import Branch
from engine.chain.failed_chains import FailedChains
from engine.chain.failure_sentence import failure_sentence
from engine.chain.run_directory import RunDirectory
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.chain.stage_tree import Stage, step_key
from engine.chain.variants import Variants
from engine.contract.errors import Cancelled, NutshellError, PromiseBroken, TrainingStopped
from engine.contract.events import Notice
from engine.contract.measurements import variant_name
from engine.contract.training_outcome import EpochRecord
from engine.datasets.source import Split
from engine.store.run_removal import note_used_stage
from engine.training.diverged_training import divergence
from engine.workbench.step import STEPS


@dataclass(frozen=True)
class BranchRun:
    """A chain whose step fails does not hold up the others."""

    branch: Branch
    runner: StageRunner
    variants: Variants
    failed: FailedChains
    directory: RunDirectory
    watch: BaselineWatch
    """Whether the baseline is worth training on, and its chains worth computing."""

    def finish(self) -> dict[str, FinishedStage]:
        """Planned key → the stage that was computed; without those that failed. Empty: its baseline was stopped.

        Raises:
            NutshellError: of the baseline, from which every chain starts.
            Cancelled: the user ended the run.
        """
        try:
            return self._finish()
        except TrainingStopped:
            # Deleting the run deletes the checkpoint too.
            note_used_stage(self.directory.path, self.branch.tree.stages[0].key)
            return {}

    def _finish(self) -> dict[str, FinishedStage]:
        stages = self.branch.tree.stages
        finished: dict[str, FinishedStage] = {}
        diverged: dict[str, str] = {}
        """Stage → why what it left is no network; empty where it is one."""
        for place, stage in enumerate(stages):
            parent = finished.get(stage.parent) if stage.parent else None
            has_failed_before = stage.parent is not None and parent is None
            inherited = _inherited(stage, diverged)
            if not has_failed_before and (done := self._stage(stage, parent, inherited)):
                finished[stage.key] = done
                diverged[stage.key] = inherited or self._diverged(stage, done)
                note_used_stage(self.directory.path, done.key)
                for chain in stage.ends:
                    self._add_variant(chain, stage, done, diverged[stage.key])
                if stage.parent is None and not self.watch.is_worth_chains(self.variants.measured[-1]):
                    return finished
            still_needed = {later.parent for later in stages[place + 1 :]}
            for key, done in finished.items():
                if key not in still_needed:
                    self.runner.forget(done.key)
        return finished

    def _stage(self, stage: Stage, parent: FinishedStage | None, inherited: str) -> FinishedStage | None:
        """None: it failed.

        Args:
            inherited: why the network that it is given is none.
        """
        records: list[EpochRecord] = []
        try:
            if parent is None:
                return self.runner.run(stage, stage.key, None, self._after_epoch)
            return self.runner.run(stage, _actual_key(stage, parent), parent, records.append)
        # A disk that is full or gone fails all chains alike.
        except (Cancelled, OSError):
            raise
        except Exception as error:
            if parent is None:
                raise
            # The step may have left its network half changed; the next one reads it from the store.
            self.runner.forget(parent.key)
            # A step's own sentence of its training says more.
            faulty = isinstance(error, PromiseBroken) or not isinstance(error, NutshellError)
            why = inherited or (self._divergence(stage, records, None) if faulty else "")
            self.failed.add_stage(stage, self.branch.name, self._told(error, why))
            return None

    def _diverged(self, stage: Stage, done: FinishedStage) -> str:
        """Why what a stage left is no network; told at once."""
        facts = self.runner.store.facts(done.key)
        why = self._divergence(stage, done.records, facts.kept_epoch if facts else None)
        if why:
            self.runner.emit(Notice(severity="warning", message=why))
        return why

    def _divergence(self, stage: Stage, records: Sequence[EpochRecord], kept_epoch: int | None) -> str:
        dataset = self.runner.images[stage.images].dataset
        labels = dataset.labels[dataset.splits[Split.VALIDATION]]
        return divergence(stage.title, records, kept_epoch, labels, len(dataset.classes))

    def _after_epoch(self, record: EpochRecord) -> None:
        if not self.watch.is_worth_training(record):
            raise TrainingStopped(f"The training was stopped after epoch {record.epoch}.")

    def _told(self, error: Exception, diverged: str) -> NutshellError:
        """A fault of the program's own ends its chain only; the log gets the details.

        Args:
            diverged: why the network is none, so that nothing else is to blame.
        """
        if diverged:
            traceback.print_exception(error)
            return NutshellError(f"{diverged} No file that runs can be made of it.")
        if isinstance(error, NutshellError):
            return error
        traceback.print_exception(error)
        return NutshellError(failure_sentence(error, self.directory.path)[0])

    def _add_variant(self, chain: str, stage: Stage, done: FinishedStage, diverged: str) -> None:
        """A file that cannot be measured is not left in the run."""
        try:
            self.variants.add(chain, self.branch, stage, done, self.runner, diverged)
        except (Cancelled, OSError):
            raise
        except Exception as error:
            if stage.parent is None:
                raise
            self.directory.remove_model(variant_name(chain, self.branch.name))
            self.failed.add_variant(chain, self.branch.name, self._told(error, diverged))


def _inherited(stage: Stage, diverged: Mapping[str, str]) -> str:
    """Why the network that a stage begins from is none; empty also where it learns nothing from that."""
    learns = stage.parameters is None or STEPS[stage.parameters.step].learns_from_before
    return diverged.get(stage.parent or "", "") if learns else ""


def _actual_key(stage: Stage, parent: FinishedStage) -> str:
    """The planned key, unless a stage before this one was stopped early and so is another than planned."""
    if stage.parameters is None:
        return stage.key
    return step_key(parent.key, stage.parameters, stage.images)
