"""Weights files on this machine that fit a network: in the caches of Keras and PyTorch, the user's folder, earlier
runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.contract.errors import NutshellError
from engine.contract.progress import Progress
from engine.graph.layer_graph import LayerGraph
from engine.store.locations import Locations
from engine.store.stage_store import MODEL_FILE, StageStore
from engine.weights.matching import match_weights
from engine.weights.saved_model import GRAPH_FILE
from engine.weights.state_file import STATE_SUFFIXES
from engine.weights.stored_weights import read_stored_weights

SUFFIXES = (".h5", ".keras", GRAPH_FILE, *STATE_SUFFIXES)
MAX_EARLIER = 20


@dataclass(frozen=True)
class FoundWeights:
    """A file, and how it is shown."""

    path: Path
    title: str


def keras_cache() -> Path:
    """Where Keras keeps what it has downloaded; this program only reads there."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def torch_cache() -> Path:
    """Where torchvision keeps what it has downloaded; this program only reads there."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("TORCH_HOME") or caches / "torch") / "hub" / "checkpoints"


def weights_in(folders: Sequence[Path]) -> Iterator[FoundWeights]:
    """All files in the folders and below that may be weights files."""
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.rglob("*")):
            if path.name.lower().endswith(SUFFIXES) and path.is_file():
                yield FoundWeights(path, path.parent.name if path.name == GRAPH_FILE else path.name)


def earlier_networks(runs_directory: Path) -> Iterator[FoundWeights]:
    """The networks that earlier runs trained, the newest first."""
    store = StageStore(Locations(runs_directory))
    files = sorted(store.locations.stages.glob(f"*/{MODEL_FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
    for path in files[:MAX_EARLIER]:
        if (facts := store.facts(path.parent.name)) is not None and not store.damage(path.parent.name):
            written = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
            yield FoundWeights(path, f"{facts.title}, {written}")


def fitting(
    graph_of: Callable[[Path], LayerGraph], candidates: Iterator[FoundWeights], progress: Progress
) -> Iterator[FoundWeights]:
    """Those candidates that have every layer of the network's base.

    Args:
        graph_of: the network with the weights of a file, which may be built as in another library.
    """
    for candidate in candidates:
        progress.raise_if_cancelled()
        try:
            match = match_weights(graph_of(candidate.path), read_stored_weights(candidate.path))
        except NutshellError:
            continue
        if not match.is_partial:
            yield candidate
