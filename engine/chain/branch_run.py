"""Finishes the stages of one branch, one after the other, and puts each chain's file into the run."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from engine.chain.baseline_watch import BaselineWatch
from engine.chain.branches import Branch
from engine.chain.failed_chains import FailedChains
from engine.chain.failure_sentence import failure_sentence
from engine.chain.run_directory import RunDirectory
from engine.chain.stage_runner import FinishedStage, StageRunner
from engine.chain.stage_tree import Stage, step_key
from engine.chain.variants import Variants
from engine.contract.errors import Cancelled, NutshellError, TrainingStopped
from engine.contract.measurements import variant_name
from engine.contract.training_outcome import EpochRecord
from engine.store.run_removal import note_used_stage


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
        for place, stage in enumerate(stages):
            parent = finished.get(stage.parent) if stage.parent else None
            has_failed_before = stage.parent is not None and parent is None
            if not has_failed_before and (done := self._stage(stage, parent)):
                finished[stage.key] = done
                note_used_stage(self.directory.path, done.key)
                for chain in stage.ends:
                    self._add_variant(chain, stage, done)
                if stage.parent is None and not self.watch.is_worth_chains(self.variants.measured[-1]):
                    return finished
            still_needed = {later.parent for later in stages[place + 1 :]}
            for key, done in finished.items():
                if key not in still_needed:
                    self.runner.forget(done.key)
        return finished

    def _stage(self, stage: Stage, parent: FinishedStage | None) -> FinishedStage | None:
        """None: it failed."""
        try:
            if parent is None:
                return self.runner.run(stage, stage.key, None, self._after_epoch)
            return self.runner.run(stage, _actual_key(stage, parent), parent)
        # A disk that is full or gone fails all chains alike.
        except (Cancelled, OSError):
            raise
        except Exception as error:
            if parent is None:
                raise
            # The step may have left its network half changed; the next one reads it from the store.
            self.runner.forget(parent.key)
            self.failed.add_stage(stage, self.branch.name, self._told(error))
            return None

    def _after_epoch(self, record: EpochRecord) -> None:
        if not self.watch.is_worth_training(record):
            raise TrainingStopped(f"The training was stopped after epoch {record.epoch}.")

    def _told(self, error: Exception) -> NutshellError:
        """A fault of the program's own ends its chain only; the log gets the details."""
        if isinstance(error, NutshellError):
            return error
        traceback.print_exception(error)
        return NutshellError(failure_sentence(error, self.directory.path)[0])

    def _add_variant(self, chain: str, stage: Stage, done: FinishedStage) -> None:
        """A file that cannot be measured is not left in the run."""
        try:
            self.variants.add(chain, self.branch, stage, done, self.runner)
        except (Cancelled, OSError):
            raise
        except Exception as error:
            if stage.parent is None:
                raise
            self.directory.remove_model(variant_name(chain, self.branch.name))
            self.failed.add_variant(chain, self.branch.name, self._told(error))


def _actual_key(stage: Stage, parent: FinishedStage) -> str:
    """The planned key, unless a stage before this one was stopped early and so is another than planned."""
    if stage.parameters is None:
        return stage.key
    return step_key(parent.key, stage.parameters, stage.images)
