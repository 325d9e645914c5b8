"""What the curves of a run are called in TensorBoard, where a folder's path is its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.contract.events import PlannedStage
from engine.contract.measurements import branch_name

LONGEST = 80
"""Characters of a name; with the rest of a path more than Windows takes otherwise."""
MAX_NAMED_CHAINS = 3
NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


def stage_names(stages: Sequence[PlannedStage]) -> dict[str, str]:
    """Key → such as "02 pruning 80 % (PRN, PRQ)": in the run's order, each another.

    Chains are named where not all pass through the stage.
    """
    return {stage.key: _name(place, stage) for place, stage in enumerate(stages, start=1)}


def _name(place: int, stage: PlannedStage) -> str:
    chains = ", ".join(stage.chains[:MAX_NAMED_CHAINS])
    more = len(stage.chains) - MAX_NAMED_CHAINS
    branch = branch_name(stage.setting, stage.repeat)
    said = [branch] if branch and stage.parent is not None else []
    said += [f"{chains} and {more} more" if more > 0 else chains] if chains and stage.parent is not None else []
    name = f"{stage.title} ({'; '.join(said)})" if said else stage.title
    safe = NOT_IN_NAMES.sub("_", name.replace(": ", ", "))
    return f"{place:02d} {safe[:LONGEST]}".rstrip(". ")
