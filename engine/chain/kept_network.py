"""Where the trained network of a variant of an earlier run is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.chain.stage_tree import Stage, StageTree, step_key, stopped_key
from engine.store.run_removal import STAGES_FILE
from engine.store.stage_store import StageStore
from engine.workbench.step import Form


def kept_network(tree: StageTree, stage: Stage, store: StageStore, directory: Path) -> str | None:
    """The key of the last stage up to this one that left a Keras network; None where it is not kept any more.

    A stage that was stopped early, and what follows it, has another key than planned.

    Args:
        directory: the run's.
    """
    while stage.gives is not Form.KERAS:
        assert stage.parent is not None
        stage = tree[stage.parent]
    used = _used(directory)
    return next((key for key in _keys(tree, stage, used) if store.facts(key) is not None), None)


def _keys(tree: StageTree, stage: Stage, used: frozenset[str]) -> Iterator[str]:
    """The keys that the stage may have, that as planned first."""
    parents = _keys(tree, tree[stage.parent], used) if stage.parent else iter(("",))
    for parent in parents:
        key = step_key(parent, stage.parameters, stage.images) if stage.parameters else stage.key
        yield key
        yield from (one for epochs in range(1, stage.epochs + 1) if (one := stopped_key(key, epochs)) in used)


def _used(directory: Path) -> frozenset[str]:
    try:
        return frozenset((directory / STAGES_FILE).read_text(encoding="ascii").split())
    except OSError:
        return frozenset()
