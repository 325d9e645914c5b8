"""The trainings of a run, those of one stage in all repetitions of the study together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from engine.contract.events import EpochFinished, PlannedStage
from engine.contract.measurements import branch_name
from ui.shown_run import StageProgress


@dataclass(frozen=True)
class RepeatedStage:
    """One stage."""

    title: str
    """Without the repetition."""
    repeats: tuple[str, ...]
    """Of those that have begun to train; one without a name where nothing is repeated."""
    epochs: tuple[tuple[EpochFinished, ...], ...]
    """Of each."""

    @property
    def length(self) -> int:
        """Epochs of the repetition that is farthest."""
        return max(map(len, self.epochs))


def repeated_stages(stages: Iterable[StageProgress]) -> list[RepeatedStage]:
    """Those that have trained an epoch, in the plan's order."""
    place_in: dict[tuple[str, int | None, str], int] = defaultdict(int)
    together: dict[tuple[str, int | None, int], list[StageProgress]] = defaultdict(list)
    for stage in stages:
        branch = (stage.plan.setting, stage.plan.trial, stage.plan.repeat)
        # Every repetition has the same stages in the same order.
        together[stage.plan.setting, stage.plan.trial, place_in[branch]].append(stage)
        place_in[branch] += 1
    found = []
    for members in together.values():
        begun = [stage for stage in members if stage.epochs]
        if begun:
            repeats = tuple(stage.plan.repeat for stage in begun)
            found.append(RepeatedStage(_title(begun[0].plan), repeats, tuple(tuple(one.epochs) for one in begun)))
    return found


def _title(plan: PlannedStage) -> str:
    branch = branch_name(plan.setting, plan.repeat)
    if not plan.repeat or not plan.title.startswith(f"{branch}: "):
        return plan.title
    rest = plan.title.removeprefix(f"{branch}: ")
    return f"{plan.setting}: {rest}" if plan.setting else rest[:1].upper() + rest[1:]
