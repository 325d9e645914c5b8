"""Runs files in TensorFlow Lite Micro, on this computer: what they give, and the arena that they need.

Runs in a clean process. How fast they are here says nothing of a microcontroller, so nothing is timed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.contract.errors import NutshellError
from engine.measurement.accuracy import predicted
from engine.measurement.micro_interpreter import MicroInterpreter, MicroRefused
from engine.measurement.micro_runtime import require_micro


@dataclass(frozen=True)
class MicroFigures:
    """Of one file, beside another of the same network."""

    arena_bytes: int
    """What the interpreter needs to keep its tensors, by its own account; pointers of this computer included."""
    plain_arena_bytes: int
    """The same for the other file."""
    images: int
    same_outputs: int
    """For so many images every number of the output is the same."""
    predictions: tuple[int, ...]
    """By the file, an image each."""


def compared_in_micro(plain: Path, file: Path, images_file: Path) -> MicroFigures:
    """Both files on the same images.

    Args:
        images_file: .npy of float32 (n, height, width, channels), as the network is fed.

    Raises:
        NutshellError: tflite_micro is not installed, or does not run a file.
    """
    require_micro()
    images = np.load(images_file)
    (expected, plain_arena), (found, arena) = _run(plain, images), _run(file, images)
    same = int(sum(np.array_equal(one, other) for one, other in zip(expected, found, strict=True)))
    return MicroFigures(arena, plain_arena, len(images), same, tuple(int(one) for one in predicted(found)))


def _run(file: Path, images: np.ndarray) -> tuple[np.ndarray, int]:
    """The outputs, float32 (n, classes or 1), and the bytes of the arena."""
    try:
        interpreter = MicroInterpreter(file, images[0].nbytes)
        return interpreter.answers(images), interpreter.arena_bytes()
    except MicroRefused as refused:
        raise NutshellError(
            f"TensorFlow Lite Micro does not run {file.name} ({str(refused).removesuffix('.')}); set lookup_tables = "
            "false for a file that LiteRT runs."
        ) from None
