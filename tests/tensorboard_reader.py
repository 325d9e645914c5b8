"""Reads a run's event files as TensorBoard itself does."""

from __future__ import annotations

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Tag → (step, value) of one TensorBoard run, in the order in which they were written."""
    read = EventAccumulator(str(folder))
    read.Reload()
    return {tag: [(one.step, one.value) for one in read.Scalars(tag)] for tag in read.Tags()["scalars"]}


def curves(run: Path) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """TensorBoard run → its scalars, of a run's directory."""
    root = run / "tensorboard"
    folders = sorted({file.parent for file in root.rglob("*tfevents*")})
    return {folder.relative_to(root).as_posix(): scalars(folder) for folder in folders}


def text(folder: Path) -> str:
    """The only text of one TensorBoard run."""
    read = EventAccumulator(str(folder))
    read.Reload()
    (tag,) = read.Tags()["tensors"]
    (one,) = read.Tensors(tag)
    return str(one.tensor_proto.string_val[0].decode())
