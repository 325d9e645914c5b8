"""Saves a training after each epoch, so that a killed one continues and ends in the same weights, bit for bit."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.contract.training_outcome import EpochRecord
from engine.graph.keras_objects import KerasModel, Variable
from engine.store.durable_file import appearing_file
from engine.training.projection import Projection

FORMAT = 1
MARK = b"nutshell checkpoint 2\n"
"""How a checkpoint begins; the SHA-256 of all that follows comes next."""
DIGEST_BYTES = 32


@dataclass(frozen=True)
class Checkpoint:
    """Everything that the next epoch depends on."""

    records: tuple[EpochRecord, ...]
    best_epoch: int
    weights: list[np.ndarray]
    best_weights: list[np.ndarray] | None
    optimizer: list[np.ndarray]
    projections: list[dict[str, np.ndarray]]

    def put_back(
        self, model: KerasModel, optimizer_variables: Sequence[Variable], projections: Sequence[Projection]
    ) -> None:
        """Give the model, its optimizer and its projections the saved state."""
        model.set_weights(self.weights)
        for variable, value in zip(optimizer_variables, self.optimizer, strict=True):
            variable.assign(value)
        for projection, state in zip(projections, self.projections, strict=True):
            projection.restore(state)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    arrays: dict[str, Any] = {f"weights.{i}": value for i, value in enumerate(checkpoint.weights)}
    arrays |= {f"best.{i}": value for i, value in enumerate(checkpoint.best_weights or [])}
    arrays |= {f"optimizer.{i}": value for i, value in enumerate(checkpoint.optimizer)}
    for i, state in enumerate(checkpoint.projections):
        arrays |= {f"projection.{i}.{name}": value for name, value in state.items()}
    facts = {
        "format": FORMAT,
        "records": [asdict(record) for record in checkpoint.records],
        "best_epoch": checkpoint.best_epoch,
        "projections": len(checkpoint.projections),
    }
    with appearing_file(path) as temporary:
        with temporary.open("wb") as stream:
            stream.write(MARK + bytes(DIGEST_BYTES))
            np.savez(stream, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays)
        digest = _digest(temporary)
        with temporary.open("r+b") as stream:
            stream.write(MARK + digest)


def is_damaged(path: Path) -> bool:
    """Whether there is a checkpoint that is not as it was written."""
    try:
        with path.open("rb") as stream:
            head = stream.read(len(MARK) + DIGEST_BYTES)
        return head != MARK + _digest(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(len(MARK) + DIGEST_BYTES)
        return hashlib.file_digest(stream, "sha256").digest()


def load_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`, or None where there is none, or it is damaged."""
    if is_damaged(path):
        return None
    try:
        with path.open("rb") as stream:
            stream.seek(len(MARK) + DIGEST_BYTES)
            content = io.BytesIO(stream.read())
        with np.load(content, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(arrays.pop("facts").tobytes())
        if facts["format"] != FORMAT:
            return None
        states: list[dict[str, np.ndarray]] = [{} for _ in range(facts["projections"])]
        for name, value in arrays.items():
            if name.startswith("projection."):
                _, place, key = name.split(".", 2)
                states[int(place)][key] = value
        records = tuple(EpochRecord(**record) for record in facts["records"])
        return Checkpoint(
            records,
            facts["best_epoch"],
            _numbered(arrays, "weights"),
            _numbered(arrays, "best") or None,
            _numbered(arrays, "optimizer"),
            states,
        )
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError):
        return None


def _numbered(arrays: dict[str, np.ndarray], kind: str) -> list[np.ndarray]:
    count = sum(name.startswith(f"{kind}.") for name in arrays)
    return [arrays[f"{kind}.{i}"] for i in range(count)]
