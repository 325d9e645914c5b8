"""Controls: the same chain without the part whose benefit is to be shown, trained and measured for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from engine.contract.recipe import ChainSettings

LONGEST_NAME = 60


def with_controls(chains: Sequence[ChainSettings]) -> tuple[ChainSettings, ...]:
    """The chains, each followed by its control where a step of it wants one."""
    names = {chain.name.lower() for chain in chains}
    found: list[ChainSettings] = []
    for chain in chains:
        found.append(chain)
        steps = tuple(one for step in chain.steps for one in step.control_steps() or (step,))
        if steps != chain.steps:
            name = _free_name(chain.name, names)
            names.add(name.lower())
            found.append(ChainSettings(name=name, steps=steps))
    return tuple(found)


def controls_by_chain(chains: Sequence[ChainSettings]) -> dict[str, str]:
    """Chain name → the name of its control, for those that have one."""
    given = {chain.name for chain in chains}
    found = with_controls(chains)
    return {chain.name: after.name for chain, after in pairwise(found) if after.name not in given}


def _free_name(chain: str, taken: Iterable[str]) -> str:
    name = f"{chain[: LONGEST_NAME - 12]} (control)"
    while name.lower() in taken:
        name = f"{name[:-1]}*)"
    return name
