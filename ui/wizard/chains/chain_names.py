"""Chains are named after their steps until the user names them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.contract.recipe import ChainSettings
from engine.contract.step_parameters import StepParameters

EMPTY = "chain"
LONGEST = 56
"""So that a number can follow."""


def name_of_steps(steps: Sequence[StepParameters]) -> str:
    """Such as "pruning 80 % + int8"."""
    name = " + ".join(step.label() for step in steps) or EMPTY
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def is_automatic(chain: ChainSettings) -> bool:
    """Whether the chain has the name of its steps, perhaps with a number, and not one of the user's."""
    return re.sub(r" \d+$", "", chain.name) in {EMPTY, name_of_steps(chain.steps)} or chain.name == name_of_steps(
        chain.steps
    )
